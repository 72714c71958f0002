// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package hub

import (
	"errors"
	"net"
	"syscall"
)

// errAgain is what a full socket says where writes are raw.
var errAgain = errors.New("socket buffer full")

// sysWriter is for Linux; elsewhere every connection is written to by a
// goroutine that may block.
type sysWriter struct{}

func newTurn() *turn { return &turn{} }

func (*sysWriter) write(syscall.RawConn, [][]byte) (int, error) { return 0, errors.ErrUnsupported }

func (*sysWriter) writeFD(uintptr, [][]byte) (int, error) { return 0, errors.ErrUnsupported }

func rawConn(net.Conn) syscall.RawConn { return nil }

func tune(nc net.Conn) {
	if tc := tcpConn(nc); tc != nil {
		_ = tc.SetNoDelay(true)
		_ = tc.SetKeepAlive(false) // the hub's pings do it
	}
}

func descriptors() (used, limit int, ok bool) { return 0, 0, false }

func sysRead(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
