// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package tunnel runs whole tunnels on loopback: a real gateway with clients
// of both ends, the real programs or in this process, and a client that is not
// ours. What needs networks between them is in test/lab. It has no code but
// tests.
package tunnel
