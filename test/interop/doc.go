// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package interop lets WebSocket programs that are not ours talk through an
// endpoint: Node's ws package and pages in a headless Chromium, by the scripts
// in test/node. All messages are compared by SHA-256.
package interop
