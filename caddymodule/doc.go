// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package caddymodule translates between Caddy and the core in
// internal/gateway: config into generations, requests into the hub and
// signaling, commands into calls. It holds no logic of its own. Caddy loads it through the blank
// import in culvert.go or cmd/culvert.
package caddymodule
