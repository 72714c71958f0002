// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package admin is the REST API of the gateway, and its description. It turns
// requests into calls of Accounts and Core, decides who may make which, and
// keeps strangers, foreign sites and oversized requests out. It knows neither
// Caddy, whose module culvert_api calls it, nor the gateway behind its
// interfaces, and it keeps nothing but what it counts.
package admin
