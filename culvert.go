// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package culvert makes the repository's root importable, so that the usual
// `xcaddy build --with github.com/culvertd/culvert` registers every Caddy
// module of this repository. It holds no code of its own; the modules are in
// caddymodule.
package culvert

import (
	// Registers the app, the handlers, the directives and the command.
	_ "github.com/culvertd/culvert/caddymodule"
)
