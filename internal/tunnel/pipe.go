// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipeSize is what each direction of a pipe holds, and pipeBuffers is lent to
// those that hold something.
const pipeSize = 64 << 10

var pipeBuffers = sync.Pool{New: func() any { return new([pipeSize]byte) }}

var (
	errPipeReset = errors.New("connection reset by the other end")
	errPipeWrite = errors.New("write on a closed connection")
)

// memPipe is a connection within this process between somebody who has dialed, a
// net.Conn, and the stream that carries it, a stream.App. Unlike net.Pipe it
// holds some bytes, so that neither end waits for the other's goroutine, and its
// directions end one by one.
type memPipe struct {
	up, down half // from the dialer, to the dialer
	remote   net.Addr
}

// half is one direction. At rest it holds no buffer.
type half struct {
	mu         sync.Mutex // guards the fields below
	some, room sync.Cond  // something to read, or to write to
	buf        *[pipeSize]byte
	r, w       int   // what is to be read is buf[r:w]
	end        error // for the reader, behind what there is: io.EOF
	err        error // for both, of the reader behind what there is
	closed     bool  // the reader has gone
	readBy     limit
	writeBy    limit
}

func newMemPipe(remote net.Addr) *memPipe {
	p := &memPipe{remote: remote}
	p.up.init()
	p.down.init()
	return p
}

func (h *half) init() { h.some.L, h.room.L = &h.mu, &h.mu }

// read waits for something, unless try.
func (h *half) read(get func() []byte, try bool) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.closed:
			return 0, net.ErrClosed
		case h.w > h.r:
			return h.takeLocked(get()), nil
		case h.err != nil:
			return 0, h.err
		case h.end != nil:
			return 0, h.end
		case h.readBy.over:
			return 0, os.ErrDeadlineExceeded
		case try:
			return 0, nil
		}
		h.some.Wait()
	}
}

func (h *half) takeLocked(b []byte) int {
	n := copy(b, h.buf[h.r:h.w])
	if h.r += n; h.r == h.w {
		pipeBuffers.Put(h.buf)
		h.buf, h.r, h.w = nil, 0, 0
	}
	h.room.Signal()
	return n
}

// write waits for room, unless try.
func (h *half) write(b []byte, try bool) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.err != nil:
			return n, h.err
		case h.closed, h.end != nil:
			return n, errPipeWrite
		case h.writeBy.over:
			return n, os.ErrDeadlineExceeded
		case len(b) == 0:
			return n, nil
		}
		m := h.putLocked(b)
		n, b = n+m, b[m:]
		if len(b) == 0 || try {
			return n, nil
		}
		if m == 0 {
			h.room.Wait()
		}
	}
}

func (h *half) putLocked(b []byte) int {
	if h.buf == nil {
		h.buf = pipeBuffers.Get().(*[pipeSize]byte)
	}
	if h.w == pipeSize && h.r > 0 {
		h.r, h.w = 0, copy(h.buf[:], h.buf[h.r:h.w])
	}
	n := copy(h.buf[h.w:], b)
	h.w += n
	h.some.Signal()
	return n
}

// finish has the reader see the end once it has read what there is.
func (h *half) finish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.end == nil {
		h.end = io.EOF
	}
	h.wakeLocked()
}

// fail ends both. What had come before can still be read, as on a socket: it may
// be a server's answer to what it did not read.
func (h *half) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err == nil {
		h.err = err
	}
	h.wakeLocked()
}

// leave has the writer see that nobody reads any more.
func (h *half) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.dropLocked()
}

func (h *half) dropLocked() {
	if h.buf != nil {
		pipeBuffers.Put(h.buf)
		h.buf, h.r, h.w = nil, 0, 0
	}
	h.wakeLocked()
}

func (h *half) wakeLocked() {
	h.some.Broadcast()
	h.room.Broadcast()
}

// limit is a deadline.
type limit struct {
	over  bool
	timer *time.Timer
}

// set is called with the half's lock.
func (l *limit) set(h *half, t time.Time) {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	l.over = !t.IsZero() && !t.After(time.Now())
	if l.over || t.IsZero() {
		h.wakeLocked()
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(time.Until(t), func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if l.timer == timer { // it was not set anew
			l.over = true
			h.wakeLocked()
		}
	})
	l.timer = timer
}

// dialed is the end of the pipe that has dialed.
type dialed struct {
	*memPipe
	// linger is called by Close: what it begins ends the stream, should the
	// service keep its end open for ever.
	linger func()
	once   sync.Once
}

// Read implements net.Conn.
func (d *dialed) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	return d.down.read(func() []byte { return b }, false)
}

// Write implements net.Conn.
func (d *dialed) Write(b []byte) (int, error) { return d.up.write(b, false) }

// CloseWrite sends a FIN.
func (d *dialed) CloseWrite() error {
	d.up.finish()
	return nil
}

// Close implements net.Conn. What was written is still sent; what comes is not
// taken any more.
func (d *dialed) Close() error {
	d.once.Do(func() {
		d.up.finish()
		d.down.leave()
		d.linger()
	})
	return nil
}

// LocalAddr implements net.Conn.
func (d *dialed) LocalAddr() net.Addr { return d.remote }

// RemoteAddr implements net.Conn.
func (d *dialed) RemoteAddr() net.Addr { return d.remote }

// SetDeadline implements net.Conn.
func (d *dialed) SetDeadline(t time.Time) error {
	return errors.Join(d.SetReadDeadline(t), d.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (d *dialed) SetReadDeadline(t time.Time) error {
	d.down.mu.Lock()
	defer d.down.mu.Unlock()
	d.down.readBy.set(&d.down, t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (d *dialed) SetWriteDeadline(t time.Time) error {
	d.up.mu.Lock()
	defer d.up.mu.Unlock()
	d.up.writeBy.set(&d.up, t)
	return nil
}

// pipeApp is the end of the pipe that a stream has.
type pipeApp struct{ *memPipe }

// Read implements stream.App.
func (a pipeApp) Read(b []byte) (int, error) {
	return a.up.read(func() []byte { return b }, false)
}

// ReadLazily is stream's lazyReader.
func (a pipeApp) ReadLazily(get func() []byte, _ func()) (int, error) { return a.up.read(get, false) }

// TryRead is stream's tryReader.
func (a pipeApp) TryRead(b []byte) (int, error) {
	return a.up.read(func() []byte { return b }, true)
}

// Write implements stream.App.
func (a pipeApp) Write(b []byte) (int, error) { return a.down.write(b, false) }

// TryWrite is stream's tryWriter.
func (a pipeApp) TryWrite(b []byte) (int, error) { return a.down.write(b, true) }

// CloseWrite implements stream.App.
func (a pipeApp) CloseWrite() error {
	a.down.finish()
	return nil
}

// Reset implements stream.App.
func (a pipeApp) Reset() error {
	a.up.fail(errPipeReset)
	a.down.fail(errPipeReset)
	return nil
}

// Close implements stream.App.
func (a pipeApp) Close() error {
	a.down.finish()
	a.up.leave()
	return nil
}

var _ net.Conn = (*dialed)(nil)
