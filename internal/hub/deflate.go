// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"

	"github.com/culvertd/culvert/internal/wire"
)

// permessage-deflate (RFC 7692) without context takeover, both ways, at the
// full window of 15 bits: then a message is compressed once for all receivers,
// and a connection at rest keeps no window (rules H9).

const (
	extension = "permessage-deflate"
	window    = 32 << 10 // bytes, of 15 bits
	// minDeflate is the size from which compressing a message is worth it.
	minDeflate = 512
	// minInflate is the least memory that an inflated message takes.
	minInflate = 1 << 10
)

// deflateTail is what a sender cuts off the end of a flushed block, followed
// by an empty last block, so that the reader sees an end (RFC 7692 §7.2.2).
const deflateTail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

// negotiate looks through the client's offers for the first that can be met,
// and returns the answer to it, or "". An offer that asks for a smaller window
// on our side is declined, since the frames are shared with clients that did
// not ask; all other parameters allow what we do or are hints.
func negotiate(offers []string) string {
	for offer := range strings.SplitSeq(strings.Join(offers, ","), ",") {
		params := strings.Split(offer, ";")
		if strings.TrimSpace(params[0]) != extension {
			continue
		}
		if answer, ok := accept(params[1:]); ok {
			return extension + answer
		}
	}
	return ""
}

// accept answers one offer's parameters (RFC 7692 §7.1).
func accept(params []string) (answer string, ok bool) {
	answer = "; server_no_context_takeover; client_no_context_takeover"
	seen := map[string]bool{}
	for _, param := range params {
		name, value, has := strings.Cut(strings.TrimSpace(param), "=")
		name, value = strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"`)
		if seen[name] {
			return "", false
		}
		seen[name] = true
		switch name {
		case "server_no_context_takeover", "client_no_context_takeover":
			ok = !has
		case "client_max_window_bits":
			ok = !has || windowBits(value)
		case "server_max_window_bits":
			ok = value == "15"
			answer += "; server_max_window_bits=15" // an accepted limit is confirmed
		default:
			ok = false
		}
		if !ok {
			return "", false
		}
	}
	return answer, true
}

func windowBits(s string) bool {
	return len(s) == 1 && s >= "8" && s <= "9" || len(s) == 2 && s >= "10" && s <= "15"
}

// packer compresses messages. One has some hundred KiB, so there are as many
// as cores, and publishers wait for one.
type packer struct {
	w   *flate.Writer
	out bytes.Buffer
}

func newPackers() chan *packer {
	free := make(chan *packer, runtime.GOMAXPROCS(0))
	for range cap(free) {
		free <- nil // made when first used
	}
	return free
}

func (p *packer) bytes() []byte {
	if p == nil {
		return nil
	}
	return bytes.TrimSuffix(p.out.Bytes(), []byte(deflateTail[:4]))
}

// deflate compresses a message if someone wants it so and it is worth it, or
// returns nil. putDeflated returns what it lent.
func (ep *endpoint) deflate(payload []byte) *packer {
	if len(payload) < minDeflate || ep.packers.Load() == 0 {
		return nil
	}
	p := <-ep.hub.packers
	if p == nil {
		p = &packer{}
		p.w, _ = flate.NewWriter(nil, flate.BestSpeed) // the level is valid
	}
	p.out.Reset()
	p.w.Reset(&p.out)
	_, _ = p.w.Write(payload) // into memory: cannot fail
	_ = p.w.Flush()
	return p
}

func (ep *endpoint) putDeflated(p *packer) {
	if p == nil {
		return
	}
	if p.out.Cap() > defaultMessageSize {
		p.out = bytes.Buffer{}
	}
	ep.hub.packers <- p
}

// inflated is a message that was compressed.
type inflated struct {
	out  []byte
	hub  *Hub
	took int64
}

func (m *inflated) free() {
	if m.hub != nil {
		m.hub.give(m.took)
	}
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// inflate decompresses a message. The size limit holds for what comes out, and
// memory is taken as it comes, so that a bomb ends early and cheaply.
func (c *conn) inflate(b []byte) (*inflated, error) {
	r := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(r)
	src := &tailed{b: b}
	if err := r.(flate.Resetter).Reset(src, nil); err != nil {
		return nil, refuse(wire.CloseInvalidPayload, "compressed message is not valid")
	}
	limit := c.ep.limits.Load().MaxMessageSize
	m := &inflated{hub: c.ep.hub}
	for {
		if len(m.out) == cap(m.out) {
			size := max(2*cap(m.out), 4*len(b), minInflate)
			if !m.hub.take(int64(size) - m.took) {
				m.free()
				return nil, refuse(wire.CloseTryAgainLater, "the gateway has no memory for the message now (memory)")
			}
			m.took = int64(size)
			m.out = append(make([]byte, 0, size), m.out...)
		}
		n, err := r.Read(m.out[len(m.out):cap(m.out)])
		m.out = m.out[:len(m.out)+n]
		switch {
		case int64(len(m.out)) > limit:
			m.free()
			return nil, tooBig(limit)
		case errors.Is(err, io.EOF) && len(src.b) > 0:
			// A final block in the middle: the next one follows (RFC 7692
			// §7.2.1), and may look back.
			if err := r.(flate.Resetter).Reset(src, m.out[max(0, len(m.out)-window):]); err != nil {
				m.free()
				return nil, refuse(wire.CloseInvalidPayload, "compressed message is not valid")
			}
		case errors.Is(err, io.EOF):
			return m, nil
		case err != nil:
			m.free()
			return nil, refuse(wire.CloseInvalidPayload, "compressed message is not valid")
		}
	}
}

// tailed reads a message and then deflateTail. It is an io.ByteReader, so that
// flate takes no byte more than it needs, and what stands behind a final block
// can be told.
type tailed struct {
	b    []byte
	tail int
}

// ReadByte implements io.ByteReader.
func (t *tailed) ReadByte() (c byte, err error) {
	switch {
	case len(t.b) > 0:
		c, t.b = t.b[0], t.b[1:]
	case t.tail < len(deflateTail):
		c = deflateTail[t.tail]
		t.tail++
	default:
		return 0, io.EOF
	}
	return c, nil
}

// Read implements io.Reader, for stored blocks.
func (t *tailed) Read(p []byte) (n int, err error) {
	if len(t.b) > 0 {
		n = copy(p, t.b)
		t.b = t.b[n:]
		return n, nil
	}
	n = copy(p, deflateTail[t.tail:])
	if t.tail += n; n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}
