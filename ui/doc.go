// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package ui serves the web interface: a build of the program in src, which
// Vite leaves in dist and which is part of the repository, so that Go builds
// need no Node. It knows neither Caddy, whose module culvert_ui calls it, nor
// the gateway: the pages do everything through the API.
package ui
