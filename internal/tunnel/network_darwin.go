// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// networkChanges returns a channel that has something when the kernel has told
// of a change of addresses, links or routes (route(4)); nil if it cannot be
// asked.
func networkChanges() (changes <-chan struct{}, stop func()) {
	syscall.ForkLock.RLock() // there is no SOCK_CLOEXEC
	fd, err := unix.Socket(unix.AF_ROUTE, unix.SOCK_RAW, unix.AF_UNSPEC)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, func() {}
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, func() {}
	}
	return listenForChanges(fd)
}
