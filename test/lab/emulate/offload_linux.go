// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package emulate

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// offloads are what ethtool -K calls tx, sg, tso, gso and gro.
var offloads = []uint32{
	0x17, // ETHTOOL_STXCSUM
	0x19, // ETHTOOL_SSG
	0x1f, // ETHTOOL_STSO
	0x24, // ETHTOOL_SGSO
	0x2c, // ETHTOOL_SGRO
}

// NoOffload makes the interface called name send whole frames with finished
// checksums. Without it a peer behind a packet socket drops all of TCP and UDP
// for bad checksums.
func NoOffload(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening a socket: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	for _, command := range offloads {
		if err := ethtool(fd, name, command); err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
			return fmt.Errorf("switching offload %#x of %s off: %w", command, name, err)
		}
	}
	return nil
}

// ethtool sets a value to 0.
func ethtool(fd int, name string, command uint32) error {
	value := struct{ command, data uint32 }{command: command}
	request := struct { // struct ifreq
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: unsafe.Pointer(&value)}
	copy(request.name[:unix.IFNAMSIZ-1], name)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	runtime.KeepAlive(&value)
	if errno != 0 {
		return errno
	}
	return nil
}
