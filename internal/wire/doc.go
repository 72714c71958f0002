// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package wire has the byte layouts that cross the network: for now the
// WebSocket frames of the hub (RFC 6455 §5). It encodes and decodes and does
// no I/O, keeps no state, and imports the standard library only. The hub calls
// it; so do the tests' own clients.
package wire
