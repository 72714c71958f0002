// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package wire has the layouts that cross the network: the WebSocket frames of
// the hub (RFC 6455 §5), the messages of signaling, and the opening line and
// the UDP packets of the relay. docs/protocol.md describes the last three. It
// encodes and decodes and does no I/O, keeps no state, and imports the
// standard library only. Both ends call it, and so do the tests' own clients.
package wire
