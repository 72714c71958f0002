// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package model tests the promises of an endpoint against a model of it.
//
// Many clients send and receive at once, stall, vanish and come back, while
// the gateway is disturbed. The model knows what an endpoint is: one sequence
// of messages, of which every member sees the part during its membership, less
// what it sent itself. Run is for any gateway that can be reached by URL: a
// bare hub here, a real Caddy under reloads in the folder above. A seed drives
// every choice and is printed, though the scheduler has a say of its own.
package model
