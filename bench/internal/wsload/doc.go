// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package wsload loads WebSocket broadcast servers and measures them. All
// clients live in one epoll loop on raw file descriptors; frames are walked
// without copying, TLS records are opened in that same loop, and messages are
// counted by a marker byte in their payload. So the server is what is
// measured, although the load generator shares its cores.
//
// It is no WebSocket client for any other use: it trusts the server's frames.
package wsload
