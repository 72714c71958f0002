// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package emulate is a bad network cable: it joins two Ethernet interfaces of
// this network namespace and delays, reorders and loses frames between them,
// by a seed. It works on packet sockets, because the kernels that tests run on
// often lack netem, and needs root. What it cannot show is a full queue: it
// has none, so it never drops a frame for want of room.
package emulate
