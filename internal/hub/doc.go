// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package hub relays messages between the WebSocket clients of an endpoint:
// what one sends, all others receive, untouched and in one order.
//
// Each endpoint has one bounded log of encoded frames, and a connection is a
// position in it. A few writers walk the connections that are behind and hand
// each what it lacks in one system call; a receiver that falls out of the log
// is closed. An endpoint may ask for a key, and an owner's endpoints may share
// limits as a Group. The package knows nothing of Caddy, of accounts or of the
// database: internal/gateway owns it and feeds it endpoints.
package hub
