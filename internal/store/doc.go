// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package store keeps accounts with all that is theirs (log-ins, tokens,
// invites, grants), endpoints and tunnel clients, their statistics, history and
// logs, and the audit log, in SQLite or PostgreSQL. It is the only package that
// knows SQL or a database driver; internal/gateway owns the one open store of a
// data folder, and internal/account works through it. Who may do what is not
// decided here.
//
// It is not on the way of a message: callers gather counters and events and
// hand them over in batches, each of which is one transaction and one sync of
// the disk.
//
// A change is on disk when its method returns. Statements are
// written once for both databases, with ? for parameters. Passwords, codes and
// tokens are kept as hashes, made by the callers.
//
// Times are kept as milliseconds since 1970 in UTC, so what is read back is cut
// to the millisecond; 0 stands for the zero time.
package store
