// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package tcpload is a TCP service and the loads that reach it through a
// tunnel: throughput, new connections, round trips, idle connections, bursts,
// and silent connections on the relay's port. The tunnel itself is whatever
// listens at the target's address.
package tcpload
