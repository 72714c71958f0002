// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// Inside is a channel of a visitor within this process: the provider's own
// connection, which the relay does not move bytes of. Whoever has it counts them
// with its Meter, and ends it with Close.
type Inside struct {
	Conn    splice.Conn
	session *Session
	counter uint64
	active  atomic.Int64 // when something moved last, in Unix seconds
	once    sync.Once
}

// Open gives a visitor within this process the provider's next channel, for
// which it waits as others do. Its line needs no proof. The error is a
// *wire.Refusal if the relay says no.
func (r *Relay) Open(ctx context.Context, line wire.Line) (*Inside, error) {
	s, conn, err := r.enter(ctx, line, nil)
	if err != nil {
		return nil, err
	}
	if conn, err = s.greet(conn); err != nil {
		s.release(line.Counter)
		return nil, err
	}
	return s.admit(line.Counter, conn)
}

// Join is Open for a visitor whose whole connection is the channel: bytes are
// moved as between two channels, and nothing of the relay's goes to visitor. That
// belongs to the relay unless there is an error. first goes to the provider before
// anything of the visitor's, and counts as such. done is called once when the
// channel has ended; mute is that it broke off before the provider said anything,
// as it does if the provider cannot reach the service.
func (r *Relay) Join(ctx context.Context, line wire.Line, visitor splice.Conn, first []byte, done func(mute bool)) error {
	s, provider, err := r.enter(ctx, line, visitor)
	if err != nil {
		return err
	}
	m := &listening{meter: &s.meter}
	var buf [wire.MaxLine]byte
	goLine := s.goLine(buf[:0])
	o := splice.Options{Meter: m, Done: func(err error) { done(err != nil && !m.heard.Load()) }}
	o.Own[splice.Forward] = len(goLine)
	o.First[splice.Forward] = append(goLine, first...)
	s.meter.granted.Add(int64(len(first)))
	s.link(line.Counter, visitor, provider, o)
	return nil
}

// listening is a session's meter that notes whether one channel's provider has
// said anything.
type listening struct {
	*meter
	heard atomic.Bool
}

// Moved implements splice.Meter.
func (m *listening) Moved(n, direction int) {
	if direction == splice.Backward && !m.heard.Load() {
		m.heard.Store(true)
	}
	m.meter.Moved(n, direction)
}

// enter returns the session that a line is for, with room for one channel more,
// and a channel of its provider's. visitor may be nil.
func (r *Relay) enter(ctx context.Context, line wire.Line, visitor splice.Conn) (*Session, splice.Conn, error) {
	s := r.session(line.Key)
	if s == nil || s.spec.ID != line.Session || s.spec.Transport != line.Protocol {
		r.count.refuse(refuseDenied.Code)
		return nil, nil, refuseDenied
	}
	no := refuseCounter(s.replay.accept(line.Counter))
	if no == nil {
		no = s.reserve(line)
	}
	if no != nil {
		r.count.refuse(no.Code)
		return nil, nil, no
	}
	conn, err := r.next(ctx, s.spec.Provider, visitor)
	if err != nil {
		s.release(line.Counter)
		return nil, nil, err
	}
	return s, conn, nil
}

// next waits for a channel of the provider's.
func (r *Relay) next(ctx context.Context, provider *Client, visitor splice.Conn) (splice.Conn, error) {
	conn, wait, wanted := provider.take(visitor)
	switch {
	case conn != nil:
		return conn, nil
	case wait == nil:
		r.count.refuse(refuseOffline.Code)
		return nil, refuseOffline
	}
	r.ev.ChannelsWanted(provider, wanted)
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	select {
	case conn, ok := <-wait.given:
		if ok {
			return conn, nil
		}
	case <-ctx.Done():
	case <-r.stop:
	}
	provider.leave(wait)
	r.count.refuse(refuseOffline.Code)
	return nil, refuseOffline
}

// greet takes a parked connection out of the mover and begins it.
func (s *Session) greet(c splice.Conn) (splice.Conn, error) {
	conn, err := splice.Plain(c)
	if err != nil {
		return nil, err // it is closed
	}
	var buf [wire.MaxLine]byte
	_ = conn.SetDeadline(time.Now().Add(openTimeout))
	if _, err = conn.Write(s.goLine(buf[:0])); err != nil {
		_ = conn.Reset()
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{}) // fails on closed ones only
	return conn, nil
}

// admit lists what reserve made room for. As with link, the session may have
// ended meanwhile, or the provider been blocked.
func (s *Session) admit(counter uint64, conn splice.Conn) (*Inside, error) {
	in := &Inside{Conn: conn, session: s, counter: counter}
	in.active.Store(s.relay.now.Load())
	s.mu.Lock()
	_, reserved := s.links[counter]
	from := splice.Peer(conn)
	if s.ended || !reserved || s.relay.blocked(from) {
		delete(s.links, counter)
		s.mu.Unlock()
		_ = conn.Reset()
		s.relay.count.refuse(refuseClosed.Code)
		return nil, refuseClosed
	}
	s.links[counter] = channel{in, [2]netip.Addr{1: from}}
	s.mu.Unlock()
	s.opened.Add(1)
	s.relay.count.opened.Add(1)
	s.relay.count.linked.Add(1)
	return in, nil
}

// Spend counts n bytes that have moved, and holds the caller up for as long as
// the session's limits want. The error is splice.ErrQuota when they allow no
// more, and then the channel has ended.
func (in *Inside) Spend(n, direction int) error {
	m := &in.session.meter
	for left := n; left > 0; {
		got, wait := m.Allow(left)
		if left -= got; got > 0 {
			continue
		}
		if wait == 0 {
			in.finish(splice.ErrQuota)
			return splice.ErrQuota
		}
		time.Sleep(wait)
		if in.session.over() {
			in.Reset()
			return net.ErrClosed
		}
	}
	in.active.Store(in.session.relay.now.Load())
	m.Moved(n, direction)
	return nil
}

// Reset ends the channel, as the relay does; repeating it does nothing.
func (in *Inside) Reset() { in.finish(nil) }

func (in *Inside) finish(err error) {
	in.once.Do(func() {
		_ = in.Conn.Reset()
		in.session.unlink(in.counter, err)
	})
}

// Left says that its owner has closed the channel already.
func (in *Inside) Left() { in.once.Do(func() { in.session.unlink(in.counter, nil) }) }

// idleInside resets the channels of visitors within this process over which
// nothing has moved; the mover does so for all others.
func (s *Session) idleInside(now int64, idle time.Duration) {
	s.mu.Lock()
	var old []*Inside
	for _, c := range s.links {
		if in, ok := c.link.(*Inside); ok && time.Duration(now-in.active.Load())*time.Second > idle {
			old = append(old, in)
		}
	}
	s.mu.Unlock()
	for _, in := range old {
		in.Reset()
	}
}
