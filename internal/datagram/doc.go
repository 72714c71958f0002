// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package datagram moves many UDP packets with one call. What the kernel has
// gathered into one buffer (UDP_GRO) stays together as a train, and leaves
// through UDP_SEGMENT as one. Where the system has neither, the same calls move
// one packet at a time.
//
// One system call a packet is what forwarding UDP costs otherwise; batches
// without trains save nothing, because the way through the kernel's stack is
// still taken once for each packet.
package datagram
