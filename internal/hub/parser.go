// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"errors"

	"github.com/culvertd/culvert/internal/wire"
)

// errClosed ends the reader: the closing handshake is complete.
var errClosed = errors.New("closing handshake complete")

// parser takes a client's bytes in whatever pieces they come and makes
// messages of them (RFC 6455 §5). It holds no buffer between frames.
type parser struct {
	head [wire.MaxHeader]byte // a header that has not come whole
	have uint8

	inside  bool        // in a frame's payload
	fin     bool        // of that frame
	opcode  wire.Opcode // of that frame
	masking uint8       // position in the key
	key     [4]byte
	left    int64 // payload bytes to come

	message wire.Opcode // type of the message under way; 0: none
	packed  bool        // it is compressed
	text    wire.UTF8
	body    []byte // what has come of it
	charged int64  // for body
	hub     *Hub   // that was charged

	control []byte // payload of a control frame that comes in pieces

	deaf  bool // at fault: only a close frame is of interest
	blind bool // not even that can be found any more
}

// free returns the memory of a half-received message.
func (p *parser) free() {
	if p.hub != nil {
		p.hub.give(p.charged)
	}
	p.body, p.charged = nil, 0
}

// feed takes the next bytes, which it may change. The error is a *closeError
// if the client broke a rule, or errClosed.
func (c *conn) feed(b []byte) error {
	p := &c.in
	for !p.blind {
		if !p.inside {
			h, n, err := p.header(b)
			if err != nil {
				p.blind = true
				return refuse(wire.CloseProtocolError, "%v", err)
			}
			b = b[n:]
			if p.have > 0 || n == 0 {
				return nil // the rest of the header is to come
			}
			if err := c.begin(h); err != nil {
				return err
			}
		}
		n := int(min(p.left, int64(len(b))))
		if n == 0 && p.left > 0 {
			return nil
		}
		payload := b[:n]
		b = b[n:]
		p.left -= int64(n)
		p.masking = uint8(wire.Mask(p.key, int(p.masking), payload))
		if err := c.payload(payload); err != nil {
			return err
		}
	}
	return nil
}

// header takes a header from b, or what there is of it, and returns how many
// bytes it took. The header is whole if that is not 0 and p.have is 0.
func (p *parser) header(b []byte) (wire.Header, int, error) {
	if p.have == 0 { // nearly always
		h, n, err := wire.ParseHeader(b)
		if n > 0 || err != nil {
			return h, n, err
		}
	}
	old := int(p.have)
	p.have += uint8(copy(p.head[old:], b))
	h, n, err := wire.ParseHeader(p.head[:p.have])
	if n > 0 {
		p.have = 0
		return h, n - old, err
	}
	return h, len(b), err
}

// begin checks a frame's header against RFC 6455 §5.2–5.5 and the limits.
func (c *conn) begin(h wire.Header) error {
	p := &c.in
	p.inside, p.fin, p.opcode = true, h.Fin, h.Opcode
	p.key, p.masking, p.left = h.Key, 0, h.Length
	if p.deaf {
		return nil
	}
	compressed := h.RSV == wire.RSV1Bit && c.enc == packed && (h.Opcode == wire.Text || h.Opcode == wire.Binary)
	switch {
	case h.RSV != 0 && !compressed:
		return refuse(wire.CloseProtocolError, "reserved bits are set")
	case !h.Opcode.Known():
		return refuse(wire.CloseProtocolError, "opcode %d is reserved", h.Opcode)
	case !h.Masked:
		return refuse(wire.CloseProtocolError, "frame is not masked")
	case h.Long: // RFC 6455 §5.2: "the minimal number of bytes MUST be used"
		return refuse(wire.CloseProtocolError, "frame length is not in its shortest form")
	case h.Opcode.IsControl() && !h.Fin:
		return refuse(wire.CloseProtocolError, "control frame is fragmented")
	case h.Opcode.IsControl() && h.Length > wire.MaxControl:
		return refuse(wire.CloseProtocolError, "control frame is over 125 bytes")
	case h.Opcode.IsControl():
		return nil
	case h.Opcode == wire.Continuation && p.message == 0:
		return refuse(wire.CloseProtocolError, "continuation of no message")
	case h.Opcode != wire.Continuation && p.message != 0:
		return refuse(wire.CloseProtocolError, "message begins inside another")
	}
	if h.Opcode != wire.Continuation {
		p.message, p.packed = h.Opcode, compressed
	}
	limit := c.ep.limits.Load().MaxMessageSize
	most := limit
	if p.packed {
		most += limit/8 + 64 // noise gets larger by deflating, by this at worst; inflate looks again
	}
	if h.Length > most-int64(len(p.body)) {
		return tooBig(limit)
	}
	return nil
}

func tooBig(limit int64) *closeError {
	return refuse(wire.CloseTooBig, "message is over the limit of %d bytes (max_message_size)", limit)
}

// payload takes a piece of the present frame's payload, unmasked; with
// p.left == 0 it is the last.
func (c *conn) payload(b []byte) error {
	p := &c.in
	last := p.left == 0
	p.inside = !last
	switch {
	case p.opcode.IsControl():
		return c.controlPiece(b, last)
	case p.deaf:
		return nil
	}
	if p.message == wire.Text && !p.packed && !p.text.Write(b) {
		return badText()
	}
	whole := last && p.fin
	if !whole || len(p.body) > 0 {
		if err := c.keep(b); err != nil {
			return err
		}
		b = p.body
	}
	if !whole {
		return nil
	}
	err := c.message(p.message, b)
	p.free()
	p.message = 0
	return err
}

func badText() *closeError { return refuse(wire.CloseInvalidPayload, "text is not UTF-8") }

// message checks what only the whole message tells, and publishes it.
func (c *conn) message(op wire.Opcode, b []byte) error {
	p := &c.in
	if p.packed {
		in, err := c.inflate(b)
		if err != nil {
			return err
		}
		defer in.free()
		b = in.out
		if op == wire.Text && !p.text.Write(b) {
			return badText()
		}
	}
	if op == wire.Text && !p.text.Done() {
		return badText()
	}
	if l := c.ep.limits.Load(); l.any() {
		if c.limit == nil || c.limit.of != l {
			c.limit = l.forConn()
		}
		if err := c.limit.allow(len(b)); err != nil {
			return err
		}
	}
	c.ep.publish(c, op, b)
	return nil
}

// keep appends to the message under way. Memory grows with what has come, not
// with what a header announces.
func (c *conn) keep(b []byte) error {
	p := &c.in
	if need := len(p.body) + len(b); need > cap(p.body) {
		size := max(2*cap(p.body), need, 512)
		if last := need + int(min(p.left, 1<<30)); p.fin && last < size {
			size = last
		}
		p.hub = c.ep.hub
		if !p.hub.take(int64(size) - p.charged) {
			return refuse(wire.CloseTryAgainLater, "the gateway has no memory for the message now (memory)")
		}
		p.charged = int64(size)
		p.body = append(make([]byte, 0, size), p.body...)
	}
	p.body = append(p.body, b...)
	return nil
}

// controlPiece collects a control frame, which may stand between the fragments
// of a message, and acts on it.
func (c *conn) controlPiece(b []byte, last bool) error {
	p := &c.in
	if len(p.control)+len(b) > wire.MaxControl { // only when deaf
		return nil
	}
	if !last || len(p.control) > 0 {
		p.control = append(p.control, b...)
		b = p.control
	}
	if !last {
		return nil
	}
	p.control = nil
	switch p.opcode {
	case wire.Close:
		code, reason, ok := wire.ParseClose(b)
		if !ok && !p.deaf {
			return refuse(code, "close frame is not valid")
		}
		p.deaf = true // nothing counts after a close frame
		if c.peerClosed(code, reason) {
			return errClosed
		}
	case wire.Ping:
		if !p.deaf {
			c.pongFor(b)
		}
	default: // a pong has done its part by coming
	}
	return nil
}

// pongFor answers a ping; of several that could not be answered yet, only the
// latest gets an answer (RFC 6455 §5.5.3), so a flood of them costs nothing.
func (c *conn) pongFor(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end != nil || c.state == writeDead {
		return
	}
	c.pong = append(wire.AppendServerHeader(make([]byte, 0, 2+len(b)), wire.FinBit|byte(wire.Pong), len(b)), b...)
	c.kickLocked()
}
