// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package wsconn makes a byte stream of a WebSocket: binary messages carry the
// bytes, an empty one is a FIN, and the close code wire.CloseReset is a RST
// (rules R8). Channels go this way where the relay port cannot be reached. The
// relay has one end and tunnelclient the other; both hand it a connection of
// gorilla's whose handshake is done.
package wsconn
