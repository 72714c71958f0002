// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package tunnel

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/culvertd/culvert/internal/splice"
)

// rawApp is a socket that can be tried without waiting. All calls are made
// inside of RawConn, so that a descriptor that was closed and used again can
// never get another connection's bytes (rules H6).
type rawApp struct {
	splice.Conn
	raw syscall.RawConn
}

func asRaw(c net.Conn) (rawApp, bool) {
	conn, isConn := c.(splice.Conn)
	s, ok := c.(syscall.Conn)
	if !ok || !isConn {
		return rawApp{}, false
	}
	raw, err := s.SyscallConn()
	return rawApp{conn, raw}, err == nil
}

// ReadLazily reads when there is something to read.
func (a rawApp) ReadLazily(get func() []byte, put func()) (n int, err error) {
	werr := a.raw.Read(func(fd uintptr) bool {
		b := get()
		for {
			n, err = unix.Read(int(fd), b)
			if !errors.Is(err, unix.EINTR) {
				break
			}
		}
		if errors.Is(err, unix.EAGAIN) {
			put()
			return false
		}
		return true
	})
	switch {
	case werr != nil:
		return 0, werr
	case err != nil:
		return 0, fmt.Errorf("reading: %w", err)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// TryWrite writes what the socket takes now.
func (a rawApp) TryWrite(b []byte) (n int, err error) {
	werr := a.raw.Write(func(fd uintptr) bool {
		for {
			n, err = unix.Write(int(fd), b)
			if !errors.Is(err, unix.EINTR) {
				return true
			}
		}
	})
	n = max(n, 0)
	switch {
	case werr != nil:
		return n, werr
	case errors.Is(err, unix.EAGAIN):
		return n, nil
	case err != nil:
		return n, fmt.Errorf("writing: %w", err)
	}
	return n, nil
}

var errPeerReset = errors.New("the connection was reset")

// Probe tells a connection that was reset. A FIN is none.
func (a rawApp) Probe() error {
	var events int16
	if err := a.raw.Control(func(fd uintptr) {
		p := []unix.PollFd{{Fd: int32(fd)}}
		if _, err := unix.Poll(p, 0); err == nil {
			events = p[0].Revents
		}
	}); err != nil {
		return err
	}
	if events&unix.POLLERR != 0 {
		return errPeerReset
	}
	return nil
}
