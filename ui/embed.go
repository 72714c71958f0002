// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !no_ui

package ui

import "embed"

//go:embed all:dist
var files embed.FS

// missing is what to do about a gateway without the interface.
const missing = "It has not been built yet: run <code>make ui</code> in the source, and build the gateway again."
