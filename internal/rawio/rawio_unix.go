// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package rawio

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Read reads what is there, at most len(b) bytes. 0 without an error is the end;
// an error is an Errno.
func Read(fd int, b []byte) (int, error) { return again(unix.Read, fd, b) }

// Send writes what the socket takes now. An error is an Errno.
func Send(fd int, b []byte) (int, error) { return again(unix.Write, fd, b) }

func again(call func(int, []byte) (int, error), fd int, b []byte) (int, error) {
	for {
		n, err := call(fd, b)
		if !errors.Is(err, unix.EINTR) {
			return max(n, 0), err
		}
	}
}
