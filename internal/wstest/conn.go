// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wstest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// NoStatus is the code of a close frame without one (RFC 6455 §7.1.5).
const NoStatus = 1005

// Conn is an upgraded connection. One goroutine may read and another write.
type Conn struct {
	Deflate Deflate     // what was negotiated
	Header  http.Header // of the server's answer
	Timeout time.Duration

	nc net.Conn
	br *bufio.Reader
}

// Message is what Next returns: a whole message, or a control frame.
type Message struct {
	Op       byte // Text, Binary, Close, Ping or Pong
	Payload  []byte
	Deflated bool // came compressed
	Frames   int  // it came in as many
}

// CloseError is a close frame where a message was wanted.
type CloseError struct {
	Code   int
	Reason string
}

func (e *CloseError) Error() string { return fmt.Sprintf("closed with %d %q", e.Code, e.Reason) }

// Net is the transport below.
func (c *Conn) Net() net.Conn { return c.nc }

// Write sends raw bytes.
func (c *Conn) Write(p []byte) (int, error) {
	if err := c.nc.SetWriteDeadline(time.Now().Add(c.Timeout)); err != nil {
		return 0, err
	}
	return c.nc.Write(p)
}

// Send writes frames in one piece.
func (c *Conn) Send(fs ...Frame) error { return c.SendChopped(0, fs...) }

// SendChopped writes frames in pieces of n bytes, each a write of its own; with
// n = 0 all in one piece. TCP_NODELAY is on, as Go sets it, so pieces do reach
// the peer apart unless it is busy.
func (c *Conn) SendChopped(n int, fs ...Frame) error {
	var b []byte
	for _, f := range fs {
		b = f.Append(b)
	}
	if n <= 0 {
		n = len(b)
	}
	for len(b) > 0 {
		m := min(n, len(b))
		if _, err := c.Write(b[:m]); err != nil {
			return err
		}
		b = b[m:]
	}
	return nil
}

// SendMessage writes a message in one frame, compressed if that was negotiated.
func (c *Conn) SendMessage(op byte, payload []byte) error {
	f := Frame{Op: op, Payload: payload}
	if c.Deflate.On {
		f.RSV, f.Payload = RSV1, Compress(payload)
	}
	return c.Send(f)
}

// ReadFrame reads one frame as it comes.
func (c *Conn) ReadFrame() (Frame, error) {
	if err := c.nc.SetReadDeadline(time.Now().Add(c.Timeout)); err != nil {
		return Frame{}, err
	}
	return readFrame(c.br, c.Deflate.On)
}

// Next reads the next whole message or control frame. It answers nothing.
// Control frames between fragments are an error: a server that joins fragments
// has no reason to send fragments, and the hub's never are.
func (c *Conn) Next() (Message, error) {
	f, err := c.ReadFrame()
	if err != nil {
		return Message{}, err
	}
	m := Message{Op: f.Op, Payload: f.Payload, Deflated: f.RSV&RSV1 != 0, Frames: 1}
	if f.Op == Continuation {
		return m, errors.New("server continued nothing (RFC 6455 §5.4)")
	}
	for f.More {
		if f, err = c.ReadFrame(); err != nil {
			return m, err
		}
		if f.Op != Continuation {
			return m, fmt.Errorf("server sent opcode %#x inside a message", f.Op)
		}
		m.Payload, m.Frames = append(m.Payload, f.Payload...), m.Frames+1
	}
	if m.Deflated {
		m.Payload, err = Inflate(m.Payload)
	}
	return m, err
}

// ReadMessage returns the next text or binary message. It answers pings, skips
// pongs, and returns a *CloseError for a close frame.
func (c *Conn) ReadMessage() (Message, error) {
	for {
		m, err := c.Next()
		if err != nil {
			return m, err
		}
		switch m.Op {
		case Text, Binary:
			return m, nil
		case Close:
			return m, ParseClose(m.Payload)
		case Ping:
			if err := c.Send(Frame{Op: Pong, Payload: m.Payload}); err != nil {
				return m, err
			}
		}
	}
}

// ParseClose reads the payload of a close frame.
func ParseClose(p []byte) *CloseError {
	if len(p) < 2 {
		return &CloseError{Code: NoStatus, Reason: string(p)}
	}
	return &CloseError{int(binary.BigEndian.Uint16(p)), string(p[2:])}
}

// PingPong sends a ping and waits for its pong. Who has that is known to be in:
// the server has read everything that was sent before.
func (c *Conn) PingPong(payload string) error {
	if err := c.Send(Frame{Op: Ping, Payload: []byte(payload)}); err != nil {
		return err
	}
	m, err := c.Next()
	if err != nil {
		return fmt.Errorf("waiting for a pong: %w", err)
	}
	if m.Op != Pong || string(m.Payload) != payload {
		return fmt.Errorf("got opcode %#x %.40q in place of the pong %q", m.Op, m.Payload, payload)
	}
	return nil
}

// Quiet is an error if anything, even the end, arrives within d.
func (c *Conn) Quiet(d time.Duration) error {
	if err := c.nc.SetReadDeadline(time.Now().Add(d)); err != nil {
		return err
	}
	p, err := c.br.Peek(1)
	switch {
	case err == nil:
		return fmt.Errorf("something arrived: %#x", p[0])
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	}
	return err
}

// End waits until the server has closed the connection, and returns io.EOF for
// an orderly end, since a server closes first (RFC 6455 §7.1.1). Bytes that
// still come are an error.
func (c *Conn) End() error {
	if err := c.nc.SetReadDeadline(time.Now().Add(c.Timeout)); err != nil {
		return err
	}
	p, err := c.br.Peek(1)
	if err == nil {
		err = fmt.Errorf("something arrived after the close frame: %#x", p[0])
	}
	return err
}

// Shake does a whole closing handshake with a code: it sends a close frame,
// expects one with the same code and then the end of the connection. Messages
// that were under way are an error.
func (c *Conn) Shake(code int) error {
	defer c.Close()
	if err := c.Send(CloseFrame(code, "")); err != nil {
		return err
	}
	m, err := c.Next()
	if err != nil {
		return fmt.Errorf("waiting for the close frame: %w", err)
	}
	if m.Op != Close {
		return fmt.Errorf("got opcode %#x %.40q in place of a close frame", m.Op, m.Payload)
	}
	if got := ParseClose(m.Payload).Code; got != code {
		return fmt.Errorf("close %d was answered with %d", code, got)
	}
	if err := c.End(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("after the close frames: %w", err)
	}
	return nil
}

// Close drops the connection without a word.
func (c *Conn) Close() error { return c.nc.Close() }

// Reset drops it with a RST, so that the peer's next call fails.
func (c *Conn) Reset() error {
	if tc, ok := c.nc.(*net.TCPConn); ok {
		if err := tc.SetLinger(0); err != nil {
			return err
		}
	}
	return c.nc.Close()
}
