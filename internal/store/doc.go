// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package store keeps endpoints, their statistics and the connection log in
// SQLite. It is the only package that knows SQL or a database driver;
// internal/gateway owns the one open store of a data folder.
package store
