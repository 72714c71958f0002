// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Command culvert is Caddy with Culvert's modules: what
// `xcaddy build --with github.com/culvertd/culvert` would build, with the
// children of `caddy culvert` as commands of their own.
package main

import (
	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	"github.com/culvertd/culvert/caddymodule"
)

const description = `Culvert is a gateway for clients that have no public address: Caddy with
endpoints that relay WebSocket messages.

To start the gateway with the example configuration, and to create an
endpoint while it runs:

	$ culvert run --config Caddyfile.example
	$ culvert endpoint create

All commands of Caddy work here too; see https://caddyserver.com/docs/command-line`

func main() {
	caddy.CustomBinaryName = "culvert"
	caddy.CustomLongDescription = description
	caddymodule.LiftCommands()
	caddycmd.Main()
}
