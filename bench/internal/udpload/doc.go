// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package udpload is a UDP service and the loads that reach it through a
// tunnel: one way, at full speed or paced, and round trips, alone or beside a
// flood. The service counts what arrives, so one port serves all of them.
package udpload
