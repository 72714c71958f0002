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

	"github.com/culvertd/culvert/internal/rawio"
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
		n, err = rawio.Read(int(fd), get())
		if errors.Is(err, unix.EAGAIN) {
			put()
			return false
		}
		return true
	})
	return readEnded(n, werr, err)
}

// readEnded sorts what came of a read: werr is the poller's.
func readEnded(n int, werr, err error) (int, error) {
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

// TryRead reads what is there.
func (a rawApp) TryRead(b []byte) (n int, err error) {
	werr := a.raw.Read(func(fd uintptr) bool {
		n, err = rawio.Read(int(fd), b)
		return true
	})
	if werr == nil && errors.Is(err, unix.EAGAIN) {
		return 0, nil
	}
	return readEnded(n, werr, err)
}

// TryWrite writes what the socket takes now.
func (a rawApp) TryWrite(b []byte) (n int, err error) {
	werr := a.raw.Write(func(fd uintptr) bool {
		n, err = rawio.Send(int(fd), b)
		return true
	})
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

// WriteAll writes all of b, and waits where it must.
func (a rawApp) WriteAll(b []byte) error {
	var err error
	werr := a.raw.Write(func(fd uintptr) bool {
		for len(b) > 0 {
			var n int
			if n, err = rawio.Send(int(fd), b); err != nil {
				return !errors.Is(err, unix.EAGAIN)
			}
			b = b[n:]
		}
		return true
	})
	switch {
	case werr != nil:
		return werr
	case err != nil:
		return fmt.Errorf("writing: %w", err)
	}
	return nil
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
