// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package rawio

import (
	"errors"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestCalls: nothing waits, what is told is exact, and a peer that is gone is an
// error and not a signal.
func TestCalls(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	a, b := fds[0], fds[1]
	defer unix.Close(b)
	for _, fd := range fds {
		if err := unix.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 1<<20)
	if n, err := Read(a, buf); n != 0 || !errors.Is(err, unix.EAGAIN) {
		t.Errorf("reading where nothing is: %d, %v", n, err)
	}
	if n, err := Send(b, []byte("hello")); n != 5 || err != nil {
		t.Errorf("sending: %d, %v", n, err)
	}
	if n, err := Read(a, buf); string(buf[:max(n, 0)]) != "hello" || err != nil {
		t.Errorf("reading: %q, %v", buf[:max(n, 0)], err)
	}

	sent := 0
	for {
		n, err := Send(b, buf)
		sent += n
		if errors.Is(err, unix.EAGAIN) {
			break // nobody reads
		}
		if err != nil || n == 0 {
			t.Fatal(n, err)
		}
	}
	if err := unix.Shutdown(b, unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	got := 0
	for {
		n, err := Read(a, buf)
		if err != nil {
			t.Fatal(got, err)
		}
		if got += n; n == 0 {
			break
		}
	}
	if got != sent {
		t.Errorf("%d bytes of %d have come", got, sent)
	}

	_ = unix.Close(a)
	_, err = Send(b, []byte("x"))
	if _, ok := errors.AsType[syscall.Errno](err); !ok || !errors.Is(err, unix.EPIPE) {
		t.Errorf("sending where nobody is: %T, %v", err, err)
	}
}
