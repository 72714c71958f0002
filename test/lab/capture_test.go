// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// capture sees every frame of the gateway's cable, both ways, and looks for a
// secret in each. Whoever plants one repeats it, so that no frame holds only a
// part of it.
type capture struct {
	secret []byte
	bytes  atomic.Int64
	found  atomic.Bool
	stop   atomic.Bool
	done   chan error
}

// startCapture listens on a device of the core.
func startCapture(t *testing.T, device string, secret []byte) *capture {
	t.Helper()
	ifi, err := net.InterfaceByName(device)
	if err != nil {
		t.Fatal(err)
	}
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, all)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100_000}),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: ifi.Index}),
	)
	if err != nil {
		t.Fatal(err)
	}
	c := &capture{secret: secret, done: make(chan error, 1)}
	go func() { c.done <- errors.Join(c.run(fd), unix.Close(fd)) }()
	return c
}

func (c *capture) run(fd int) error {
	frame := make([]byte, 256<<10)
	for !c.stop.Load() {
		n, _, err := unix.Recvfrom(fd, frame, 0)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		c.bytes.Add(int64(n))
		if bytes.Contains(frame[:n], c.secret) {
			c.found.Store(true)
		}
	}
	stats, err := unix.GetsockoptTpacketStats(fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err == nil && stats.Drops > 0 {
		err = fmt.Errorf("the capture has missed %d frames", stats.Drops)
	}
	return err
}

// end returns how much was seen, and whether the secret was in it.
func (c *capture) end(t *testing.T) (size int64, found bool) {
	t.Helper()
	time.Sleep(200 * time.Millisecond) // what was sent has come
	c.stop.Store(true)
	if err := <-c.done; err != nil {
		t.Error(err)
	}
	return c.bytes.Load(), c.found.Load()
}

// scanMemory looks for a secret in all that a process can read of its own
// memory, and returns how much that is.
func scanMemory(t *testing.T, pid int, secret []byte) (size int64, found bool) {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	for lines := bufio.NewScanner(bytes.NewReader(maps)); lines.Scan(); {
		var from, to int64
		var rights string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &rights); err != nil || !strings.HasPrefix(rights, "rw") {
			continue // what cannot be written holds nothing new; [vsyscall] has no such address
		}
		n, in := scanRegion(memory, from, to, secret)
		size += n
		found = found || in
	}
	return size, found
}

// scanRegion reads a region in windows that overlap. A region that goes away
// while it is read ends there.
func scanRegion(memory *os.File, from, to int64, secret []byte) (size int64, found bool) {
	window := make([]byte, 1<<20)
	for at := from; at < to; {
		n, err := memory.ReadAt(window[:min(int64(len(window)), to-at)], at)
		if bytes.Contains(window[:n], secret) {
			found = true
		}
		size += int64(n)
		if err != nil || at+int64(n) >= to {
			break
		}
		at += int64(n - len(secret) + 1)
	}
	return size, found
}
