// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package publish is the gateway's own visitor: a tunnel client in the process
// of the gateway, which signs in at its own signaling without a network between
// them and dials services that their providers publish. It has the pages for what
// cannot be reached, too. It decides nothing about who may come from outside, and
// knows nothing of names; package gateway owns it, and Caddy's modules dial
// through it.
package publish
