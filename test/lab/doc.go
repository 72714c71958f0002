// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package lab runs the real programs on the network that they are made for:
//
//	visitor ── nat-a ══╗          ╔══ nat-b ── provider
//	192.168.1.2        ╠═ core ═══╣            192.168.2.2
//	       203.0.113.2 ╝    ║     ╚ 198.51.100.2
//	                     gateway
//	                    192.0.2.2
//
// Each name is a network namespace; the core is that of this process, and
// neither it nor the gateway has a route into the private networks. A double
// line can be a bad one (package emulate). All of it lives in namespaces of a
// process that the test starts in its own place, so that a crash leaves
// nothing behind and two runs do not meet. That needs root, and the tests are
// skipped without it. They assert on results and hashes, never on speed, except
// for the time that streams take to go on after a fault. Those streams are
// between several pairs of clients, each with NAT boxes of its own. It has no
// code but tests.
package lab
