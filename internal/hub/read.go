// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
)

// restBuffer is what a connection that blocking reads serve keeps while it
// waits; readBuffer is what it gets while there is much to read.
const (
	restBuffer = 1 << 10
	readBuffer = 16 << 10
)

var readBuffers = sync.Pool{New: func() any { return new([readBuffer]byte) }}

// read is the life of a connection's goroutine.
func (c *conn) read() {
	if c.raw != nil {
		c.finish(c.readRaw())
		return
	}
	c.finish(c.readBlocking())
}

// rawReader reads from a bare socket, and has a buffer only while there is
// something in it: waiting costs none.
type rawReader struct {
	buf *[readBuffer]byte
	n   int
	err error
}

// try is called by the poller whenever there may be something to read.
func (r *rawReader) try(fd uintptr) bool {
	r.buf = readBuffers.Get().(*[readBuffer]byte)
	for {
		r.n, r.err = sysRead(fd, r.buf[:])
		if !errors.Is(r.err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(r.err, syscall.EAGAIN) {
		r.release()
		return false
	}
	return true
}

func (r *rawReader) release() {
	readBuffers.Put(r.buf)
	r.buf = nil
}

func (c *conn) readRaw() error {
	var r rawReader
	try := r.try
	for {
		// The callback must only read: what it may call next can close the
		// connection, which waits for the callback.
		if err := c.raw.Read(try); err != nil {
			return err
		}
		var err error
		switch {
		case r.err != nil:
			err = r.err
		case r.n <= 0:
			err = io.EOF
		default:
			err = c.hear(r.buf[:r.n])
		}
		r.release()
		if err != nil {
			return err
		}
	}
}

func (c *conn) readBlocking() error {
	small := make([]byte, restBuffer)
	for buf := small; ; {
		n, err := c.nc.Read(buf)
		if n > 0 {
			if err := c.hear(buf[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		buf = c.readMuch(buf, n, small)
	}
}

// readMuch returns the buffer for the next read: a large one after a read that
// filled its buffer, the small one as soon as that is enough again.
func (c *conn) readMuch(buf []byte, n int, small []byte) []byte {
	large := len(buf) > len(small)
	switch {
	case !large && n == len(buf):
		return readBuffers.Get().(*[readBuffer]byte)[:]
	case large && n < len(small):
		readBuffers.Put((*[readBuffer]byte)(buf))
		return small
	}
	return buf
}

// hear takes bytes from the client, and parts with it if they are not right.
func (c *conn) hear(b []byte) error {
	if !c.heard.Load() {
		c.heard.Store(true)
	}
	err := c.feed(b)
	if fault, ok := errors.AsType[*closeError](err); ok {
		// What follows is thrown away, until the client closes or the close
		// timeout: closing at once could destroy our close frame on its way.
		c.in.deaf = true
		c.in.free()
		c.part(ending{code: fault.code, reason: fault.text, say: fault.text, drop: dropKicked, fault: true})
		return nil
	}
	return err
}

// tcpConn finds the TCP connection under nc, or returns nil.
func tcpConn(nc net.Conn) *net.TCPConn {
	for {
		switch x := nc.(type) {
		case *net.TCPConn:
			return x
		case interface{ NetConn() net.Conn }: // as *tls.Conn has
			nc = x.NetConn()
		default:
			return nil
		}
	}
}

// reset makes the close that follows a reset.
func reset(nc net.Conn) {
	if tc := tcpConn(nc); tc != nil {
		_ = tc.SetLinger(0)
	}
}
