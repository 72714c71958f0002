// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package identity is who an end of a tunnel is: its Ed25519 key on the disk,
// the keys of other ends that it has met, and TLS configurations in which both
// ends prove their keys to each other. It opens no connections and decides
// nothing about whom to trust; internal/tunnel does, and tunnelclient shows and
// changes keys through it.
package identity
