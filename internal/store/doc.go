// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package store keeps endpoints, their statistics and the connection log, and
// client tokens, clients and the log of their sessions, in SQLite. It is the
// only package that knows SQL or a database driver; internal/gateway owns the
// one open store of a data folder.
//
// It is not on the way of a message: callers gather counters and events and
// hand them over in batches, each of which is one transaction and one sync of
// the disk.
//
// Times are kept as milliseconds since 1970 in UTC, so what is read back is cut
// to the millisecond; 0 stands for the zero time.
package store
