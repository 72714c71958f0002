// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// wirePath is one end of a channel in memory. What is written waits in the
// other end's buffer, which takes at most most bytes.
type wirePath struct {
	in, out *pipe
}

func newWire(most int) (a, b *wirePath) {
	x, y := newPipe(most), newPipe(most)
	return &wirePath{x, y}, &wirePath{y, x}
}

func (w *wirePath) Read(b []byte) (int, error)  { return w.in.read(b) }
func (w *wirePath) Write(b []byte) (int, error) { return w.out.write(b) }
func (w *wirePath) Flush() error                { return nil }
func (w *wirePath) Buffered() bool              { return w.in.buffered() }

// Close breaks both ends, and drops what is under way.
func (w *wirePath) Close() error {
	w.in.fail(errBroken)
	w.out.fail(errBroken)
	return nil
}

var errBroken = errors.New("broken")

// pipe is a bounded buffer with one reader and one writer.
type pipe struct {
	most   int
	mu     sync.Mutex
	change *sync.Cond
	buf    bytes.Buffer
	err    error
	eof    bool
}

func newPipe(most int) *pipe {
	p := &pipe{most: most}
	p.change = sync.NewCond(&p.mu)
	return p
}

func (p *pipe) read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.buf.Len() == 0 {
		if p.err != nil {
			return 0, p.err
		}
		if p.eof {
			return 0, io.EOF
		}
		p.change.Wait()
	}
	n, _ := p.buf.Read(b)
	p.change.Broadcast()
	return n, nil
}

func (p *pipe) write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := 0
	for len(b) > 0 {
		for p.err == nil && !p.eof && p.buf.Len() >= p.most {
			p.change.Wait()
		}
		if p.err != nil {
			return sum, p.err
		}
		if p.eof {
			return sum, io.ErrClosedPipe
		}
		n := min(len(b), p.most-p.buf.Len())
		p.buf.Write(b[:n])
		b = b[n:]
		sum += n
		p.change.Broadcast()
	}
	return sum, nil
}

// fail ends the pipe at once; what is in it is lost.
func (p *pipe) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
		p.buf.Reset()
	}
	p.change.Broadcast()
}

// finish is a FIN.
func (p *pipe) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.eof = true
	p.change.Broadcast()
}

func (p *pipe) buffered() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.Len() > 0
}

// memApp is one end of an application's connection in memory.
type memApp struct{ in, out *pipe }

func newApp(most int) (ours, theirs *memApp) {
	x, y := newPipe(most), newPipe(most)
	return &memApp{x, y}, &memApp{y, x}
}

var errReset = errors.New("connection reset")

func (a *memApp) Read(b []byte) (int, error)  { return a.in.read(b) }
func (a *memApp) Write(b []byte) (int, error) { return a.out.write(b) }
func (a *memApp) CloseWrite() error           { a.out.finish(); return nil }
func (a *memApp) Close() error {
	a.out.finish()
	return nil
}

func (a *memApp) Reset() error {
	a.in.fail(errReset)
	a.out.fail(errReset)
	return nil
}
