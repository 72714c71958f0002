// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Command culvert is Caddy with Culvert's modules: what
// `xcaddy build --with github.com/culvertd/culvert` would build.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/culvertd/culvert/caddymodule"
)

func main() {
	caddycmd.Main()
}
