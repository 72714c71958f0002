// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package splice joins two connections and moves bytes between them until both
// directions have ended. A FIN is passed on as a FIN, each way on its own;
// anything else that ends a connection resets the other (rules R4). Between two
// TCP sockets on Linux the bytes stay in the kernel, and a link that is idle
// holds nothing but its sockets.
//
// It knows nothing of lines, sessions or keys. The relay calls it for channels,
// and both ends of a tunnel for the way between an application and a channel.
package splice
