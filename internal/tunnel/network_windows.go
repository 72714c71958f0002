// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"sync"

	"golang.org/x/sys/windows"
)

// Windows calls a function on a thread of its own. Go can make a limited number
// of those for C and never frees one, so there is one for all clients.
var (
	windowsTells = sync.OnceValue(func() uintptr { return windows.NewCallback(windowsTold) })

	windowsMu      sync.Mutex // guards the following
	windowsClients = make(map[chan struct{}]bool)
)

func windowsTold(_, _, _ uintptr) uintptr {
	windowsMu.Lock()
	defer windowsMu.Unlock()
	for told := range windowsClients {
		nudge(told)
	}
	return 0
}

// networkChanges returns a channel that has something when Windows has told of
// a change of addresses (NotifyUnicastIpAddressChange); nil if it cannot be
// asked.
func networkChanges() (changes <-chan struct{}, stop func()) {
	var asked windows.Handle
	err := windows.NotifyUnicastIpAddressChange(windows.AF_UNSPEC, windowsTells(), nil, false, &asked)
	if err != nil {
		return nil, func() {}
	}
	told := make(chan struct{}, 1)
	windowsMu.Lock()
	windowsClients[told] = true
	windowsMu.Unlock()
	return told, func() {
		// It waits for a call that is under way, so not under the lock.
		_ = windows.CancelMibChangeNotify2(asked)
		windowsMu.Lock()
		delete(windowsClients, told)
		windowsMu.Unlock()
	}
}
