// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package gateway is the core: the one owner of everything that lives on one
// data folder and outlives a config, which is the hub, signaling and the relay
// with its sockets, the database, the accounts, the recorder of statistics and
// the control socket. It also knows what each account owns, may and has used
// (ledger, pulse), and tells who watches of changes (feed).
//
// A config is pushed as a generation and popped when it ends; the newest one
// is in force. caddymodule pushes and pops, internal/control calls the
// operations of commands, admin those of API, and Offline does the commands'
// while no gateway runs. The package knows nothing of Caddy.
package gateway
