// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/wstest"
)

// play is one run of a case.
type play struct {
	*testing.T
	c   testCase
	url string

	sender    *wstest.Conn
	receivers []*wstest.Conn
}

// run connects, lets the case happen and checks the end.
func (p *play) run() {
	// The first receiver is as the sender is; where there is compression, the
	// second has none, so both encodings of the hub are read.
	p.receivers = append(p.receivers, p.dial(p.c.set.offer))
	if p.c.set.deflate {
		p.receivers = append(p.receivers, p.dial(""))
	}
	p.sender = p.dial(p.c.set.offer)
	if p.c.run != nil {
		p.c.run(p)
	} else {
		p.write(p.c.chop, p.c.send...)
		p.receive(p.c.want...)
	}
	if p.c.code != 0 {
		p.closed(p.c.code)
		p.fenceAnew()
	} else {
		p.fence()
		p.check(p.sender.Shake(1000), "closing with 1000")
	}
	for _, r := range p.receivers {
		p.check(r.Shake(1000), "closing a receiver")
	}
}

// dial connects and waits until the hub surely counts the connection in.
func (p *play) dial(offer string) *wstest.Conn {
	p.Helper()
	c, err := wstest.Dial(p.Context(), p.url, wstest.Options{Deflate: offer})
	p.check(err, "connecting")
	p.Cleanup(func() { c.Close() })
	p.check(c.PingPong("in"), "first ping")
	return c
}

// write sends frames as the sender. Where the hub is to close, it may do so
// before all is written; the close frame then tells whether that was right.
func (p *play) write(chop int, fs ...wstest.Frame) {
	p.Helper()
	var err error
	if chop == perFrame {
		for _, f := range fs {
			err = errors.Join(err, p.sender.Send(f))
		}
	} else {
		err = p.sender.SendChopped(chop, fs...)
	}
	if p.c.code == 0 {
		p.check(err, "sending")
	}
}

// receive expects exactly these as the next messages of each receiver.
func (p *play) receive(want ...wstest.Message) {
	p.Helper()
	for i, r := range p.receivers {
		for _, w := range want {
			m, err := r.ReadMessage()
			if err != nil {
				p.Fatalf("receiver %d: waiting for opcode %d, %d bytes %.40q: %v; the sender got: %s",
					i, w.Op, len(w.Payload), w.Payload, err, p.atSender())
			}
			if m.Op != w.Op || !bytes.Equal(m.Payload, w.Payload) {
				p.Fatalf("receiver %d: got opcode %d, %d bytes %.60q; want opcode %d, %d bytes %.60q",
					i, m.Op, len(m.Payload), m.Payload, w.Op, len(w.Payload), w.Payload)
			}
			if m.Frames != 1 {
				p.Errorf("receiver %d: %d frames, want the fragments joined", i, m.Frames)
			}
		}
	}
}

// fence shows that all is well at the end of a case: the receiver's message is
// the next that the sender gets, besides its pongs, so it never got its own;
// and the sender's is the next that the receivers get.
func (p *play) fence() {
	p.Helper()
	p.check(p.receivers[0].SendMessage(wstest.Text, []byte("fence to the sender")), "sending the fence")
	for _, r := range p.receivers[1:] {
		p.exactly(r, "fence to the sender")
	}
	pongs, fenced := []string{}, false
	for !fenced || len(pongs) < len(p.c.pongs) {
		m := p.next()
		switch {
		case m.Op == wstest.Pong:
			pongs = append(pongs, string(m.Payload))
		case m.Op == wstest.Text && string(m.Payload) == "fence to the sender":
			fenced = true
		default:
			p.Fatalf("the sender got opcode %d, %.60q", m.Op, m.Payload)
		}
	}
	if !slices.Equal(pongs, p.c.pongs) && len(pongs)+len(p.c.pongs) > 0 {
		p.Errorf("got pongs %.200q, want %.200q", pongs, p.c.pongs)
	}
	p.check(p.sender.SendMessage(wstest.Text, []byte("fence to all")), "sending the fence")
	p.receive(wstest.Message{Op: wstest.Text, Payload: []byte("fence to all")})
}

// fenceAnew is fence when the sender is gone: a new connection speaks, and hears.
func (p *play) fenceAnew() {
	p.Helper()
	p.sender = p.dial("")
	p.c.pongs = nil
	p.fence()
	p.check(p.sender.Shake(1000), "closing the new connection")
}

func (p *play) exactly(c *wstest.Conn, want string) {
	p.Helper()
	m, err := c.ReadMessage()
	p.check(err, "waiting for %q", want)
	if string(m.Payload) != want {
		p.Fatalf("got %.60q, want %q", m.Payload, want)
	}
}

// closed expects the hub's close frame, after the case's pongs and nothing
// else, answers it unless the case's own frames did, and expects the end.
func (p *play) closed(code int) {
	p.Helper()
	for _, want := range p.c.pongs {
		if m := p.next(); m.Op != wstest.Pong || string(m.Payload) != want {
			p.Fatalf("got opcode %d %.60q, want the pong %q", m.Op, m.Payload, want)
		}
	}
	m := p.next()
	if m.Op != wstest.Close {
		p.Fatalf("got opcode %d %.60q, want a close frame with %d", m.Op, m.Payload, code)
	}
	got := wstest.ParseClose(m.Payload)
	if got.Code != code {
		p.Fatalf("closed with %d %q, want %d", got.Code, got.Reason, code)
	}
	ours := slices.IndexFunc(p.c.send, func(f wstest.Frame) bool { return f.Op == wstest.Close })
	if ours < 0 {
		// The hub may have hung up already: it failed the connection (RFC 6455 §7.1.7).
		_ = p.sender.Send(wstest.CloseFrame(code, ""))
	}
	err := p.sender.End()
	orderly := ours >= 0 && ours == len(p.c.send)-1 // nothing of ours can be left unread
	if !errors.Is(err, io.EOF) && (orderly || !errors.Is(err, syscall.ECONNRESET)) {
		p.Errorf("after the close frame: %v", err)
	}
	p.sender.Close()
}

// next is the next thing at the sender; the hub's own pings do not count.
func (p *play) next() wstest.Message {
	p.Helper()
	for {
		m, err := p.sender.Next()
		p.check(err, "reading at the sender")
		if m.Op != wstest.Ping {
			return m
		}
		_ = p.sender.Send(wstest.Frame{Op: wstest.Pong, Payload: m.Payload})
	}
}

// atSender says what waits at the sender when a receiver misses something:
// often that is the hub's reason.
func (p *play) atSender() string {
	p.sender.Timeout = 100 * time.Millisecond
	m, err := p.sender.Next()
	switch {
	case err != nil:
		return err.Error()
	case m.Op == wstest.Close:
		return wstest.ParseClose(m.Payload).Error()
	}
	return fmt.Sprintf("opcode %d %.60q", m.Op, m.Payload)
}

func (p *play) check(err error, format string, args ...any) {
	p.Helper()
	if err != nil {
		p.Fatalf(format+": %v", append(args, err)...)
	}
}
