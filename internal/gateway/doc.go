// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package gateway is the core: the one owner of everything that lives on one
// data folder and outlives a config, which is the hub, signaling and the relay
// with its sockets, the database, the recorder of statistics and the control
// socket.
//
// A config is pushed as a generation and popped when it ends; the newest one
// is in force. caddymodule pushes and pops, internal/control calls the
// operations of commands, and Offline does the same operations while no
// gateway runs. The package knows nothing of Caddy.
package gateway
