// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package model

// Messages is how many a full run sends.
const Messages = 100_000
