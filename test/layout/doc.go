// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package layout checks the repository itself: that every source file carries
// the licence, that every package says what it is, and that imports point in
// the directions of docs/architecture.md. It has no code but tests.
package layout
