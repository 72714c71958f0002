// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package localsocket opens and dials the unix socket that a process has in
// its own folder: for that user alone, and in a place that is short enough for
// a socket. The gateway and the tunnel client take commands through theirs.
package localsocket
