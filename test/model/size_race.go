// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package model

// Messages is less with the race detector, which makes each some ten times as
// dear; the full number runs without it.
const Messages = 10_000
