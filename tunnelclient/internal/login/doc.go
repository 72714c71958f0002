// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package login gets a client's token from a gateway with a person's consent
// (the device flow of OAuth, RFC 8628), and keeps it, one for each gateway, in
// files that only their owner may read. It opens no browser and signs in to
// nothing itself: the commands that have no other token use what it keeps.
package login
