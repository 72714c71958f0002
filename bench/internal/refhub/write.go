// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package refhub

import (
	"syscall"
	"unsafe"
)

// tryWrite returns the bytes that the socket took, or -1.
func tryWrite(fd int, b []byte) int {
	for {
		n, err := syscall.Write(fd, b)
		switch err {
		case nil:
			return n
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0
		default:
			return -1
		}
	}
}

// rawWrite never blocks, so the scheduler need not hear of it: that saves
// the hand-over of the P that a slow system call brings.
func rawWrite(fd int, b []byte) int {
	n, _, e := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
		syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
	switch e {
	case 0:
		return int(n)
	case syscall.EAGAIN, syscall.EINTR:
		return 0
	default:
		return -1
	}
}
