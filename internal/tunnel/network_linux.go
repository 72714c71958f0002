// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// networkChanges returns a channel that has something when the kernel has told
// of a change of addresses or routes (rtnetlink(7)); nil if it cannot be asked.
func networkChanges() (changes <-chan struct{}, stop func()) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, func() {}
	}
	f := os.NewFile(uintptr(fd), "netlink")
	groups := uint32(unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR | unix.RTMGRP_LINK)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		_ = f.Close()
		return nil, func() {}
	}
	told, done := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 4<<10)
		for {
			// What it says does not matter: the addresses are looked at anew. An
			// overrun (ENOBUFS) is news as well.
			if _, err := f.Read(b); err != nil && !isOverrun(err) {
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

func isOverrun(err error) bool { return errors.Is(err, unix.ENOBUFS) }
