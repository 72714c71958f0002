// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package inventory holds the values in which the core tells the API what it
// has: endpoints, connections, clients, sessions, history, load and changes.
// It decides nothing. The gateway fills the values in, and
// package admin shows them; their JSON is the API's.
package inventory

// The scopes of a question. Any other number is the account of this id.
const (
	// Operator owns what was made on the command line before there was an
	// administrator.
	Operator int64 = 0
	// All is the scope of administrators.
	All int64 = -1
)
