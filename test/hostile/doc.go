// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package hostile lets clients misbehave and asks yes or no: is the client
// parted with, do the others notice nothing, does memory stay bounded, is
// everything given back. Figures are in the benchmarks.
//
// Most run against a hub in this process, because then its heap, goroutines
// and descriptors can be counted; those that exhaust a process have one of
// their own.
package hostile
