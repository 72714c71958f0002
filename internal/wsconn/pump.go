// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsconn

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
)

var (
	errText     = errors.New("text message on a channel")
	errAfterFIN = errors.New("bytes after the end of the stream")
	errDead     = errors.New("no sign of life from the peer")
)

// pieces are taken when a message has begun, so that a silent connection holds
// none.
var pieces = sync.Pool{New: func() any { b := make([]byte, pieceSize); return &b }}

// pump reads frames until the connection is gone.
func (c *Conn) pump() {
	for {
		_ = c.alive()
		kind, r, err := c.ws.NextReader()
		if err == nil && kind != websocket.BinaryMessage {
			err = errText
		}
		var n int64
		if err == nil {
			n, err = c.deliver(r)
		}
		if err != nil {
			if isTimeout(err) {
				err = errDead
			}
			c.lose(err)
			c.in.end(c.failure())
			return
		}
		if n == 0 && !c.gotFIN {
			c.gotFIN = true
			c.in.end(io.EOF)
		}
	}
}

// deliver hands a message over piece by piece.
func (c *Conn) deliver(r io.Reader) (total int64, err error) {
	buf := pieces.Get().(*[]byte)
	defer pieces.Put(buf)
	for {
		n, err := r.Read(*buf)
		total += int64(n)
		if n > 0 && c.gotFIN {
			return total, errAfterFIN
		}
		if n > 0 && !c.in.put((*buf)[:n], c.closed) {
			return total, c.failure()
		}
		switch {
		case errors.Is(err, io.EOF):
			return total, nil
		case err != nil:
			return total, err
		}
		_ = c.alive() // waiting for our own reader is not the peer's silence
	}
}

// alive allows the peer another while of silence, and any after its FIN. Only
// the pump calls it.
func (c *Conn) alive() error {
	var t time.Time
	if !c.gotFIN {
		t = time.Now().Add(deadAfter)
	}
	_ = c.ws.SetReadDeadline(t) // fails when closed, as the read then will
	return nil
}

// onPing leaves the pong to tend: if the reader wrote it, two ends with full
// sockets would wait for each other for ever.
func (c *Conn) onPing(data string) error {
	select {
	case <-c.pong:
	default:
	}
	c.pong <- data // only the pump sends, so there is room
	return c.alive()
}

// tend writes pings and pongs. After our FIN it writes none: the peer may
// close any time, and a frame that arrives then would have its system drop
// what has not been read there.
func (c *Conn) tend() {
	timer := time.NewTimer(nextPing())
	defer timer.Stop()
	for {
		kind, data := websocket.PingMessage, ""
		select {
		case <-timer.C:
			timer.Reset(nextPing())
		case data = <-c.pong:
			kind = websocket.PongMessage
		case <-c.closed:
			return
		}
		if c.sentFIN.Load() {
			continue
		}
		// Without a deadline: one that passed in the middle would break the
		// connection of a peer that merely does not read for a while.
		if err := c.ws.WriteControl(kind, []byte(data), time.Time{}); err != nil {
			c.lose(err)
			return
		}
	}
}

func nextPing() time.Duration {
	return pingEvery - pingJitter/2 + rand.N(pingJitter) //nolint:gosec // it spreads load and hides nothing
}

// translate makes of gorilla's errors what a socket would say. None of them is
// io.EOF: without a FIN the end is not clean.
func translate(err error) error {
	var ce *websocket.CloseError
	switch {
	case errors.As(err, &ce) && ce.Code == wire.CloseReset:
		return fmt.Errorf("reset by the peer: %w", syscall.ECONNRESET)
	case errors.As(err, &ce) && ce.Code == wire.CloseAbnormal, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("connection lost: %w", syscall.ECONNRESET)
	case errors.As(err, &ce):
		return fmt.Errorf("closed by the peer with code %d: %w", ce.Code, syscall.ECONNRESET)
	}
	return err
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
