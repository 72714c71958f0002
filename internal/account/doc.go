// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package account is who may use a gateway: people, their log-ins, passwords
// and tokens, invites, grants, what administrators set and block, and the audit
// log of it all. Who may do what is decided here, for the HTTP API (admin) and
// the operator's commands (internal/gateway) alike; what a change means for
// live connections is told through Config.Changed.
//
// It keeps nothing itself but short-lived caches, counters of tries and the
// codes of devices that wait to be allowed. It knows neither HTTP nor SQL.
package account
