// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package stream carries an application's connection over channels that may
// die: bytes are numbered and kept until the other end has written them to its
// application, and a stream that has lost its channel goes on over another one
// where it was. docs/streams.md is its contract: frames, states, invariants.
//
// It knows no sockets, TLS, keys or signaling: a channel is a Path with a peer
// behind it, and who finds a new one is told that a stream needs it. Package
// tunnel calls it, at both ends.
package stream
