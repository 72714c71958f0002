// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// lineTimeout is how long a connection may take to say its line.
const lineTimeout = 5 * time.Second

// The refusals without particulars.
var (
	refuseDenied  = &wire.Refusal{Code: wire.RefusedDenied, Message: "the key is not known, or the line was not made with it"}
	refuseStale   = &wire.Refusal{Code: wire.RefusedStale, Message: "the counter is too old; try again with a new one"}
	refuseClosed  = &wire.Refusal{Code: wire.RefusedClosed, Message: "the session has ended; ask for a new one"}
	refuseOffline = &wire.Refusal{Code: wire.RefusedOffline, Message: "the provider has no channel to offer"}
	refuseBusy    = &wire.Refusal{Code: wire.RefusedBusy, Message: "the gateway is short of file descriptors; try again later"}
)

// begin has a goroutine read the line of c.
func (r *Relay) begin(c splice.Conn) {
	if !r.pending.add(c) {
		_ = c.Reset()
		return
	}
	r.tasks.Go(func() { r.serve(c) })
}

// serve reads the line of c and does what it says.
func (r *Relay) serve(c splice.Conn) {
	var buf [1024]byte
	line, first, err := readLine(c, buf[:])
	r.pending.remove(c)
	if err != nil {
		r.count.junk.Add(1)
		_ = c.Reset() // whoever sends no good line learns nothing
		return
	}
	if line.Role == wire.Park {
		r.park(c, line, first)
		return
	}
	r.visit(c, line, first)
}

// readLine returns the line and what came after it, both in buf. The deadline
// stays: most connections leave the runtime's poller next, and it with them.
func readLine(c net.Conn, buf []byte) (line wire.SignedLine, rest []byte, err error) {
	if err := c.SetReadDeadline(time.Now().Add(lineTimeout)); err != nil {
		return line, nil, err
	}
	n := 0
	for {
		got, err := c.Read(buf[n:])
		if at := bytes.IndexByte(buf[n:n+got], '\n'); at >= 0 {
			at += n
			n += got
			line, err := wire.ParseLine(buf[:at])
			if err != nil {
				return line, nil, err
			}
			return line, buf[at+1 : n], nil
		}
		n += got
		if n >= wire.MaxLine {
			return line, nil, errors.New("the line is too long")
		}
		if err != nil {
			return line, nil, err
		}
	}
}

// The client's probes keep what is between us from forgetting a connection;
// ours come later, and find out whether the client is still there.
const (
	keepAliveIdle     = 2 * time.Minute
	keepAliveInterval = 15 * time.Second
)

// keepAlive is for connections that have not inherited their probes. The times
// are spread, because those of thousands of connections in step would drop
// packets.
func keepAlive(c *net.TCPConn) {
	_ = c.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable:   true,
		Idle:     keepAliveIdle + rand.N(keepAliveIdle/4), //nolint:gosec // spreading, not secrecy
		Interval: keepAliveInterval,
	})
}

// park takes a provider's channel in.
func (r *Relay) park(c splice.Conn, line wire.SignedLine, first []byte) {
	client := r.client(line.Key)
	var no *wire.Refusal
	switch {
	case client == nil || !line.Verify(client.key.Secret) || len(first) > 0:
		no = refuseDenied
	default:
		if no = refuseCounter(client.replay.accept(line.Counter)); no == nil {
			no = client.park(c)
		}
	}
	if no != nil {
		r.refuse(c, no)
	}
}

// visit pairs a visitor's channel, when it begins.
func (r *Relay) visit(c splice.Conn, line wire.SignedLine, first []byte) {
	s := r.session(line.Key)
	if s == nil || s.spec.ID != line.Session || s.spec.Transport != line.Protocol || !line.Verify(s.spec.Key.Secret) {
		r.refuse(c, refuseDenied)
		return
	}
	if no := refuseCounter(s.replay.accept(line.Counter)); no != nil {
		r.refuse(c, no)
		return
	}
	if line.Role == wire.Warm {
		var ok bool
		if first, ok = s.waitGo(c, first); !ok {
			return
		}
	}
	r.open(s, c, line.Line, first)
}

// waitGo waits until a warm channel begins, and returns the rest without the
// byte that says so. Otherwise the channel is done with. What else has come is
// left to the link, so that a channel that waits has no buffer.
func (s *Session) waitGo(c splice.Conn, rest []byte) ([]byte, bool) {
	if !s.addWarm(c) {
		s.relay.refuse(c, refuseClosed)
		return nil, false
	}
	defer s.removeWarm(c)
	if len(rest) == 0 {
		_ = c.SetReadDeadline(time.Time{}) // fails on closed ones only
		rest = make([]byte, 1)
		if _, err := c.Read(rest); err != nil {
			_ = c.Reset() // the visitor has no use for it any more
			return nil, false
		}
	}
	if rest[0] != wire.Go {
		s.relay.count.junk.Add(1)
		_ = c.Reset()
		return nil, false
	}
	return rest[1:], true
}

// open pairs a visitor's channel with a parked one of the provider.
func (r *Relay) open(s *Session, c splice.Conn, line wire.Line, first []byte) {
	if no := s.reserve(line); no != nil {
		r.refuse(c, no)
		return
	}
	provider, no := r.provider(s)
	if no != nil {
		s.release(line.Counter)
		r.refuse(c, no)
		return
	}
	var buf [wire.MaxLine]byte
	goLine := wire.GoLine{Session: s.spec.ID, Service: s.spec.Service, Protocol: s.spec.Transport, Mode: wire.ModePlain}.Append(buf[:0])
	o := splice.Options{}
	o.Own[splice.Forward] = len(goLine)
	o.First[splice.Forward] = append(goLine, first...)
	o.Lead[splice.Backward] = []byte{wire.OK}
	s.meter.granted.Add(int64(len(first)))
	s.link(line.Counter, c, provider, o)
}

// provider returns a channel of the session's provider, for which it waits if
// it must.
func (r *Relay) provider(s *Session) (splice.Conn, *wire.Refusal) {
	p := s.spec.Provider
	conn, wait, wanted := p.take()
	if conn != nil {
		return conn, nil
	}
	if wait == nil {
		return nil, refuseOffline
	}
	r.ev.ChannelsWanted(p, wanted)
	timeout := time.NewTimer(openTimeout)
	defer timeout.Stop()
	select {
	case conn, ok := <-wait:
		if ok {
			return conn, nil
		}
	case <-timeout.C:
		p.leave(wait)
	case <-r.stop:
		p.leave(wait)
	}
	return nil, refuseOffline
}

func refuseCounter(v verdict) *wire.Refusal {
	switch v {
	case replayed:
		return refuseDenied
	case stale:
		return refuseStale
	default:
		return nil
	}
}

// refuse answers and closes. A close with unread bytes would be a reset, which
// overtakes the answer, so some are read first.
func (r *Relay) refuse(c splice.Conn, no *wire.Refusal) {
	r.count.refuse(no.Code)
	_ = c.SetDeadline(time.Now().Add(time.Second))
	if _, err := c.Write(no.Append(nil)); err == nil && c.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, c, 256<<10)
	}
	_ = c.Close()
}
