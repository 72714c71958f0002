// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package xcaddy builds Caddy with the real xcaddy, by the commands that
// xcaddy.txt gives for a checkout, and passes a message through what comes out.
// It compiles Caddy twice, so it runs only with CULVERT_XCADDY=1, as `make
// test` sets it.
package xcaddy
