// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package signaling is the gateway's end of /tunnel: who is there under which
// name, what they offer, and which sessions exist between them. It decides who
// may register and who may use what (authority.go) and has the relay carry out
// the rest. It moves no application's byte.
//
// internal/gateway owns it; caddymodule hands it the upgraded connections.
package signaling
