// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package tunnel is both ends of a session: it signs in to a gateway and stays
// signed in, parks and serves channels for the services that it offers, and
// opens sessions and channels for local listeners. It knows no flags, files or
// terminals; tunnelclient has those, and later the gateway itself is a visitor
// through it.
package tunnel
