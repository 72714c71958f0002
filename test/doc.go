// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package test runs whole gateways: real Caddy with our modules in this
// process, or the real binary, with clients of the usual library on real
// sockets. Caddy's config is the process's, so no test here is parallel.
package test
