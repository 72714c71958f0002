// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !darwin && !windows

package tunnel

// networkChanges would tell of changes; addresses are looked at instead.
func networkChanges() (changes <-chan struct{}, stop func()) { return nil, func() {} }
