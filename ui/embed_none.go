// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build no_ui

package ui

import "embed"

var files embed.FS

const missing = "This gateway was built without it: leave the build tag <code>no_ui</code> out."
