// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// bulk is what is read or written at once under TLS: many records, so that
	// a system call costs little for each. It is four of the streams' greatest
	// frames with what TLS adds.
	bulk = 512<<10 + 16<<10
	// tlsTime bounds a handshake between the ends.
	tlsTime = 10 * time.Second
)

// bulkBuffers are lent to channels that have something to read or write.
var bulkBuffers = sync.Pool{New: func() any { return new([bulk]byte) }}

// securePath is a channel after its handshake; it implements stream.Path.
type securePath struct {
	*tls.Conn
	under *bulkConn
}

// secure does the handshake. The connection is closed on failure. At the
// visitor the relay's answer comes first.
func secure(ctx context.Context, conn splice.Conn, answered bool, wrap func(*bulkConn) *tls.Conn) (*securePath, error) {
	under := &bulkConn{Conn: conn, answered: answered, direct: true}
	under.lazy, under.all = asLazy(conn)
	c := wrap(under)
	ctx, cancel := context.WithTimeout(ctx, tlsTime)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		if ctx.Err() != nil {
			_ = conn.Reset() // the other end has said nothing, and is told nothing
		} else {
			sayWhy(conn)
		}
		return nil, fmt.Errorf("proving each other's keys: %w", err)
	}
	under.direct = false
	return &securePath{c, under}, nil
}

// sayWhy ends a connection whose last bytes, TLS's alert, the other end is to
// read: a reset would overtake them.
func sayWhy(conn splice.Conn) {
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if conn.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, conn)
	}
	_ = conn.Reset()
}

// Flush implements stream.Path.
func (p *securePath) Flush() error { return p.under.flush() }

// Buffered implements stream.Path. A record that is only begun does not count,
// but cannot be told from a whole one.
func (p *securePath) Buffered() bool { return len(p.under.in) > 0 }

// Close implements stream.Path. There is no close_notify: a stream says its end
// itself, and nothing else is a clean one.
func (p *securePath) Close() error { return p.under.Reset() }

// bulkConn reads ahead and writes behind, with buffers that it holds only while
// there is something in them. One goroutine reads, one writes.
type bulkConn struct {
	splice.Conn
	lazy     lazyReader
	all      allWriter
	answered bool // the relay's answer has been read
	inBuf    *[bulk]byte
	in       []byte // what is left of inBuf

	direct bool // write at once: nobody flushes

	// The reader writes as well, TLS's alert, if what it reads was changed.
	wmu    sync.Mutex // guards the fields below
	outBuf *[bulk]byte
	out    int
}

var errAlerting = errors.New("the channel is broken")

// begin has b be read first.
func (c *bulkConn) begin(b []byte) {
	if len(b) > 0 {
		c.in = c.getIn()
		c.in = c.in[:copy(c.in, b)] // at most what a guest or a line reads at once
	}
}

// Read implements net.Conn.
func (c *bulkConn) Read(b []byte) (int, error) {
	if len(c.in) == 0 {
		if c.lazy == nil && c.answered {
			return c.Conn.Read(b) // a message of a WebSocket, which has a buffer
		}
		if err := c.fill(); err != nil {
			return 0, err
		}
		if !c.answered {
			if err := c.answer(); err != nil {
				return 0, err
			}
		}
	}
	n := copy(b, c.in)
	if c.in = c.in[n:]; len(c.in) == 0 {
		c.putIn()
	}
	return n, nil
}

// fill waits for something to read.
func (c *bulkConn) fill() error {
	var n int
	var err error
	if c.lazy != nil {
		n, err = c.lazy.ReadLazily(c.getIn, c.putIn)
	} else {
		n, err = c.Conn.Read(c.getIn())
	}
	if n <= 0 {
		if c.putIn(); err == nil {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	c.in = c.inBuf[:n]
	return nil
}

func (c *bulkConn) getIn() []byte {
	c.inBuf = bulkBuffers.Get().(*[bulk]byte)
	return c.inBuf[:]
}

func (c *bulkConn) putIn() {
	if c.inBuf != nil {
		bulkBuffers.Put(c.inBuf)
		c.inBuf, c.in = nil, nil
	}
}

// answer takes the relay's answer away, which precedes the provider's first
// byte.
func (c *bulkConn) answer() error {
	c.answered = true
	if c.in[0] == wire.OK {
		if c.in = c.in[1:]; len(c.in) > 0 {
			return nil
		}
		c.putIn()
		return c.fill()
	}
	line := bytes.Clone(c.in)
	for !bytes.ContainsRune(line, '\n') && len(line) < wire.MaxLine {
		c.putIn()
		if err := c.fill(); err != nil {
			return err
		}
		line = append(line, c.in...)
	}
	line, _, ok := bytes.Cut(line, []byte("\n"))
	if !ok || len(line) > wire.MaxLine {
		return errors.New("the relay's answer makes no sense")
	}
	return wire.ParseRefusal(line)
}

// Write implements net.Conn.
func (c *bulkConn) Write(b []byte) (int, error) {
	if c.direct {
		return c.Conn.Write(b)
	}
	// Only a channel that is about to end has two that write; neither waits for
	// the other, which may wait for the peer.
	if !c.wmu.TryLock() {
		return 0, errAlerting
	}
	defer c.wmu.Unlock()
	for sum := 0; ; {
		if c.outBuf == nil {
			c.outBuf, c.out = bulkBuffers.Get().(*[bulk]byte), 0
		}
		n := copy(c.outBuf[c.out:], b[sum:])
		c.out += n
		if sum += n; sum == len(b) {
			return sum, nil
		}
		if err := c.flushLocked(); err != nil {
			return sum, err
		}
	}
}

func (c *bulkConn) flush() error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	return c.flushLocked()
}

func (c *bulkConn) flushLocked() error {
	if c.outBuf == nil {
		return nil
	}
	var err error
	if b := c.outBuf[:c.out]; c.all != nil {
		err = c.all.WriteAll(b)
	} else {
		_, err = c.Conn.Write(b)
	}
	bulkBuffers.Put(c.outBuf)
	c.outBuf = nil
	return err
}
