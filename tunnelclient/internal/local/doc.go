// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package local is what clients of one user on one machine share: a folder for
// each identity (gateway and name), a lock in it so that only one process signs
// in with that identity, and a control socket by which commands reach that
// process instead of fighting it for the name.
//
// The socket carries HTTP with JSON. Whoever may open it may do everything, so
// its protection is the file system's.
package local
