// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package relay pairs channels and forwards what they carry: TCP channels on
// the relay port and over WebSocket, and UDP packets on the same port. Who may
// use what has been decided before; the relay knows keys, sessions, limits and
// counters, and no accounts.
//
// internal/signaling adds clients and sessions, and internal/gateway brings the
// sockets. Sockets are the caller's own, so that they outlive configs.
package relay
