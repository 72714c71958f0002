// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package wstest is a raw WebSocket client for tests: it can send anything,
// in any pieces, and believes nothing.
//
// A usual client keeps to the protocol, so it cannot show what a server does
// when somebody does not. Here every bit of a frame is the test's to choose,
// lengths may lie, and bytes may be written one at a time. On the way in it is
// strict: a frame that a server must not send (RFC 6455 §5.1, §5.2) is an
// error. It shares no code with the hub on purpose, so that the two cannot
// agree on a mistake. Only tests import it.
package wstest
