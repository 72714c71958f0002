// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsconn

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
)

const (
	maxPayload = 64 << 10 // of a message that we send
	readLimit  = 1 << 20  // of a message that we accept; it is read in pieces
	pieceSize  = 32 << 10

	// pingEvery keeps proxies from dropping a silent connection, many of which
	// do after 60 s; with jitter, so that the pings of many do not coincide.
	pingEvery  = 25 * time.Second
	pingJitter = 5 * time.Second
	// deadAfter is how long a peer may say nothing at all. Its own pings count
	// as well as its pongs: one whose application does not read cannot see
	// ours, and must not be taken for dead.
	deadAfter = 60 * time.Second
	// closeWait bounds what a close frame may take when the socket is full.
	closeWait = 200 * time.Millisecond
)

// Conn is a byte stream with ends that can be told apart. It implements
// net.Conn and splice.Conn. Closing it before CloseWrite resets it: to the peer
// only a FIN is a clean end.
//
// One goroutine reads frames, whether or not anybody reads from the Conn, so
// that a deadline can interrupt Read without harm (gorilla's connections do not
// survive one); another writes pings and pongs, so that a full socket cannot
// stop the reading. Close and Reset wait for both.
type Conn struct {
	ws     *websocket.Conn
	in     inbox
	gotFIN bool // the pump's

	wmu      sync.Mutex  // one writer at a time
	sentFIN  atomic.Bool // set under wmu
	deadline atomic.Int64

	pong   chan string // latest wins
	closed chan struct{}
	once   sync.Once
	tasks  sync.WaitGroup

	mu  sync.Mutex // guards the field below
	err error      // why the connection is gone
}

// New makes a stream of ws, whose handshake is done and which must not be used
// by the caller any more.
func New(ws *websocket.Conn) *Conn {
	c := &Conn{ws: ws, pong: make(chan string, 1), closed: make(chan struct{})}
	c.in.init()
	ws.SetReadLimit(readLimit)
	ws.SetPingHandler(c.onPing)
	ws.SetPongHandler(func(string) error { return c.alive() })
	// Nothing is answered to a close: whoever sends one is gone.
	ws.SetCloseHandler(func(int, string) error { return nil })
	c.tasks.Go(c.pump)
	c.tasks.Go(c.tend)
	return c
}

// Read implements net.Conn. It returns io.EOF after the peer's FIN only.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.in.read(b, c.closed)
	if errors.Is(err, net.ErrClosed) {
		err = c.failure()
	}
	return n, err
}

// Write implements net.Conn, with messages of at most 64 KiB.
func (c *Conn) Write(b []byte) (int, error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.sentFIN.Load() {
		return 0, fmt.Errorf("writing after the end: %w", syscall.EPIPE)
	}
	done := 0
	for done < len(b) {
		piece := b[done:min(done+maxPayload, len(b))]
		if err := c.send(piece); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return done, nil
}

// CloseWrite sends a FIN. Repeating it does nothing.
func (c *Conn) CloseWrite() error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.sentFIN.Swap(true) {
		return nil
	}
	return c.send(nil)
}

// Reset tells the peer that the stream is broken off, and closes.
func (c *Conn) Reset() error {
	c.end(wire.CloseReset, net.ErrClosed)
	return nil
}

// Close closes the connection; without a CloseWrite before, this is a Reset.
func (c *Conn) Close() error {
	code := wire.CloseReset
	if c.sentFIN.Load() {
		code = wire.CloseNormal
	}
	c.end(code, net.ErrClosed)
	return nil
}

// HungUp reports whether the connection is gone, as splice.HungUp wants to know.
func (c *Conn) HungUp() bool { return c.failure() != nil }

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.ws.LocalAddr() }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.ws.RemoteAddr() }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn; reading goes on after it has passed.
func (c *Conn) SetReadDeadline(t time.Time) error {
	select {
	case <-c.closed:
		return net.ErrClosed
	default:
	}
	c.in.limit.set(t)
	return nil
}

// SetWriteDeadline implements net.Conn. A write that misses it breaks the
// connection, because part of a message may be gone.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	var at int64
	if !t.IsZero() {
		at = t.UnixNano()
	}
	c.deadline.Store(at)
	return c.ws.NetConn().SetWriteDeadline(t) // for a write under way
}

// send writes one message under wmu.
func (c *Conn) send(b []byte) error {
	if err := c.failure(); err != nil {
		return err
	}
	var t time.Time
	if at := c.deadline.Load(); at != 0 {
		t = time.Unix(0, at)
	}
	_ = c.ws.SetWriteDeadline(t) // only stores it
	if err := c.ws.WriteMessage(websocket.BinaryMessage, b); err != nil {
		if isTimeout(err) { // gorilla hides which
			err = os.ErrDeadlineExceeded
		}
		c.lose(err)
		return c.failure()
	}
	return nil
}

// end closes on request, and waits until nothing runs any more.
func (c *Conn) end(code int, why error) {
	c.once.Do(func() {
		c.fail(why)
		msg := websocket.FormatCloseMessage(code, "")
		_ = c.ws.WriteControl(websocket.CloseMessage, msg, time.Now().Add(closeWait)) // best effort
		close(c.closed)
		_ = c.ws.Close()
	})
	c.tasks.Wait()
}

// lose closes because the connection has failed.
func (c *Conn) lose(err error) {
	c.fail(translate(err))
	c.once.Do(func() {
		close(c.closed)
		_ = c.ws.Close()
	})
}

// fail keeps the first reason.
func (c *Conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

func (c *Conn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
