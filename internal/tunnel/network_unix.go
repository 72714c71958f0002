// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package tunnel

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// listenForChanges reads from a socket of the kernel's, which it owns from now
// on, until it is stopped. What the messages say does not matter: the addresses
// are looked at anew.
func listenForChanges(fd int) (changes <-chan struct{}, stop func()) {
	f := os.NewFile(uintptr(fd), "network changes")
	told, done := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 4<<10)
		for {
			// An overrun (ENOBUFS) is news as well.
			if _, err := f.Read(b); err != nil && !errors.Is(err, unix.ENOBUFS) {
				return
			}
			nudge(told)
		}
	}()
	return told, func() {
		_ = f.Close()
		<-done
	}
}
