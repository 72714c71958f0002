// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import "runtime/debug"

// modulePath is that of go.mod.
const modulePath = "github.com/culvertd/culvert"

// version is what the go command knows of the source: as the program itself,
// or as one of the modules that xcaddy has put into a Caddy.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Path == modulePath && info.Main.Version != "" {
		return info.Main.Version
	}
	for _, m := range info.Deps {
		if m.Path == modulePath {
			return m.Version
		}
	}
	return "unknown"
}
