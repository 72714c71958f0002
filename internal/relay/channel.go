// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// The refusals without particulars.
var (
	refuseDenied  = &wire.Refusal{Code: wire.RefusedDenied, Message: "the key is not known, or the line was not made with it"}
	refuseStale   = &wire.Refusal{Code: wire.RefusedStale, Message: "the counter is too old; try again with a new one"}
	refuseClosed  = &wire.Refusal{Code: wire.RefusedClosed, Message: "the session has ended; ask for a new one"}
	refuseOffline = &wire.Refusal{Code: wire.RefusedOffline, Message: "the provider has no channel to offer"}
	refuseBusy    = &wire.Refusal{Code: wire.RefusedBusy, Message: "the gateway is short of file descriptors; try again later"}
)

// The client's probes keep what is between us from forgetting a connection;
// ours come later, and find out whether the client is still there.
const (
	keepAliveIdle     = 2 * time.Minute
	keepAliveInterval = 15 * time.Second
)

// keepAlive is for connections that do not inherit their probes. The times are
// spread, because those of thousands of connections in step would drop packets.
func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{
		Enable:   true,
		Idle:     keepAliveIdle + rand.N(keepAliveIdle/4), //nolint:gosec // spreading, not secrecy
		Interval: keepAliveInterval,
	}
}

// open pairs a visitor's channel with a parked one of the provider, now or
// when there is one. It does not block.
func (r *Relay) open(s *Session, c splice.Conn, line wire.Line, first []byte) {
	if no := s.reserve(line); no != nil {
		r.refuse(c, no)
		return
	}
	provider, wait, wanted := s.spec.Provider.take(c)
	switch {
	case provider != nil:
		s.pair(line.Counter, c, provider, first)
	case wait == nil:
		s.release(line.Counter)
		r.refuse(c, refuseOffline)
	default:
		first = bytes.Clone(first)
		r.later(c, func() { r.openLater(s, c, line, first, wait, wanted) })
	}
}

// openLater is open when the visitor has to wait.
func (r *Relay) openLater(s *Session, c splice.Conn, line wire.Line, first []byte, wait *waiter, wanted int) {
	r.ev.ChannelsWanted(s.spec.Provider, wanted)
	timeout := time.NewTimer(openTimeout)
	defer timeout.Stop()
	select {
	case provider, ok := <-wait.given:
		if ok {
			s.pair(line.Counter, c, provider, first)
			return
		}
	case <-timeout.C:
		s.spec.Provider.leave(wait)
	case <-r.stop:
		s.spec.Provider.leave(wait)
	}
	s.release(line.Counter)
	r.refuse(c, refuseOffline)
}

// pair links a visitor's channel with a provider's.
func (s *Session) pair(counter uint64, visitor, provider splice.Conn, first []byte) {
	var buf [wire.MaxLine]byte
	goLine := s.goLine(buf[:0])
	o := splice.Options{}
	o.Own[splice.Forward] = len(goLine)
	o.First[splice.Forward] = append(goLine, first...)
	o.Lead[splice.Backward] = leadOK
	s.meter.granted.Add(int64(len(first)))
	s.link(counter, visitor, provider, o)
}

// goLine is what a provider's channel is begun with.
func (s *Session) goLine(b []byte) []byte {
	return wire.GoLine{Session: s.spec.ID, Service: s.spec.Service, Protocol: s.spec.Transport, Mode: s.spec.Mode}.Append(b)
}

var leadOK = []byte{wire.OK}

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

// maxAnswering bounds the refusals under way, each of which may hold its
// socket for a second. Over it the refused are reset without a word.
const maxAnswering = 256

// refuse answers and closes, without blocking.
func (r *Relay) refuse(c splice.Conn, no *wire.Refusal) {
	r.count.refuse(no.Code)
	if r.count.answering.Add(1) > maxAnswering {
		r.count.answering.Add(-1)
		_ = c.Reset()
		return
	}
	r.later(c, func() {
		defer r.count.answering.Add(-1)
		if c, err := splice.Plain(c); err == nil {
			answer(c, no)
		}
	})
}

// answer sends a refusal. A close with unread bytes would be a reset, which
// overtakes it, so some are read first.
func answer(c splice.Conn, no *wire.Refusal) {
	_ = c.SetDeadline(time.Now().Add(time.Second))
	if _, err := c.Write(no.Append(nil)); err == nil && c.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, c, 256<<10)
	}
	_ = c.Close()
}

// later runs f, which has c, on a goroutine that Close waits for; after Close
// it resets c, and f is not run.
func (r *Relay) later(c splice.Conn, f func()) {
	r.mu.Lock()
	closed := r.closed
	if !closed {
		r.tasks.Add(1)
	}
	r.mu.Unlock()
	if closed {
		_ = c.Reset()
		return
	}
	go func() {
		defer r.tasks.Done()
		f()
	}()
}
