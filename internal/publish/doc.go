// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package publish lets the public in. A Publisher is a tunnel client in the
// process of the gateway, which signs in at its own signaling without a network
// between them: it dials services that their providers publish, and listens at
// public ports for them. A Gate stands in front of names: it decides by the rules
// that it is given who may come, knows the requests that go on, and has the pages
// for who may not and for what cannot be reached. Neither knows whose a name is,
// which signaling does, nor keeps any rules, which package account does. Package
// gateway owns both, and Caddy's modules call them.
package publish
