// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package model

// The race detector makes each message some ten times as dear; the full number
// runs without it.
const messages = 10_000
