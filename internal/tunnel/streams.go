// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/stream"
	"github.com/culvertd/culvert/internal/wire"
)

// newStreams makes the host of this end's streams, both as a visitor and as a
// provider.
func (c *Client) newStreams() *stream.Host {
	cfg := stream.Config{
		Resume: c.cfg.Window, Accept: c.accept, Detached: c.detached, Opened: streamOpened, Ended: c.streamEnded, Ready: c.channelReady, Lost: c.channelLost,
	}
	_, _ = rand.Read(cfg.Instance[:]) // never fails (crypto/rand)
	return stream.NewHost(cfg)
}

func (c *Client) channelReady(ch *stream.Channel) {
	pc := ch.Tag().(*pooled)
	pc.pool.offer(ch, pc)
}

func (c *Client) channelLost(ch *stream.Channel, err error) {
	if pc, ok := ch.Tag().(*pooled); ok {
		pc.pool.gone(pc, err)
	}
	if errors.Is(err, stream.ErrSilent) {
		c.streams.Doubt() // what is beside it is likely as dead
	}
}

// detached has a stream get another channel. Only visitors open them, so a
// provider asks (rules S1).
func (c *Client) detached(s *stream.Stream) {
	switch tag := s.Tag().(type) {
	case *visit:
		tag.seeker.need(s, false)
	case *serving:
		c.wantResume([]*stream.Stream{s})
	}
}

func streamOpened(s *stream.Stream) {
	if v, ok := s.Tag().(*visit); ok {
		v.tell(nil)
	}
}

func (c *Client) streamEnded(s *stream.Stream, err error) {
	switch tag := s.Tag().(type) {
	case *visit:
		tag.end()
		tag.tell(cmp.Or(err, io.ErrUnexpectedEOF))
		if re, ok := errors.AsType[*stream.ResetError](err); ok && re.Remote && re.Code != stream.CodeReset {
			tag.seeker.f.report(re)
		}
	case *serving:
		tag.flow.end()
	}
}

// serving is the tag of a provider's stream; served, that of its channel.
type (
	serving struct{ flow *flow }
	served  struct {
		session   *session
		transport Transport
		leg       func() time.Duration
		local     net.Addr
	}
)

// serveSecure has a goroutine do the handshake of a channel that a visitor has
// opened; then it carries streams.
func (c *Client) serveSecure(ch channel, g wire.GoLine, first []byte) {
	first = slices.Clone(first) // the caller's buffer
	if !c.spawn(func(ctx context.Context) {
		plain, err := plainChannel(ch)
		if err != nil {
			return
		}
		path, ss, err := c.secureProvider(ctx, plain, g.Session, first)
		if err != nil {
			c.log.Debug("a channel's handshake", zap.String("session", g.Session), zap.Error(err))
			return
		}
		key, err := identity.Peer(path.Conn)
		if err != nil || ss.service.ID != g.Service {
			_ = path.Close()
			return
		}
		c.streams.Serve(path, stream.Peer(key), false, &served{ss, ch.transport, legOf(plain.Conn), plain.LocalAddr()})
	}) {
		_ = ch.Reset()
	}
}

// accept connects a visitor's stream with its service: the one that the session
// is for, if it is still in our own configuration and the visitor may come
// (rules S4).
func (c *Client) accept(s *stream.Stream, ch *stream.Channel, name string) {
	v, ok := c.offers.find(name)
	switch sv := ch.Tag().(*served); {
	case c.isDraining():
		s.Refuse(stream.CodeStopping)
		return
	case !ok || name != sv.session.service.ID || v.service.Transport() != wire.TCP || !c.mayCome(v.service, wire.PublicKey(ch.Peer())):
		s.Refuse(stream.CodeNoService)
		return
	}
	fl := v.begin(&c.busy)
	s.SetTag(&serving{fl})
	fl.attach(providerStats{s}, 0)
	// Not by the channel's reader: what that once needed of a stack it keeps for
	// as long as the channel lives.
	if !c.spawn(func(context.Context) { c.joinService(s, v) }) {
		s.Refuse(stream.CodeStopping)
	}
}

// joinService connects a stream with its service.
func (c *Client) joinService(s *stream.Stream, v offer) {
	c.dialService(v.service, func(conn splice.Conn, err error) {
		if err == nil {
			conn, err = splice.Plain(conn)
		}
		if news := v.note(err); err != nil {
			if news {
				c.log.Warn("a service cannot be reached", zap.String("service", v.service.ID), zap.Error(err))
			}
			s.Refuse(stream.CodeUnreachable)
			return
		}
		s.Join(newStreamApp(conn))
	})
}

// wantResume asks visitors to resume streams.
func (c *Client) wantResume(streams []*stream.Stream) {
	bySession := make(map[string][]string)
	for _, s := range streams {
		i := s.Info()
		if i.Last == nil {
			continue
		}
		if sv, ok := i.Last.Tag().(*served); ok && !sv.session.ended() {
			bySession[sv.session.id] = append(bySession[sv.session.id], hex.EncodeToString(i.ID[:]))
		}
	}
	c.mu.Lock()
	s := c.signal
	c.mu.Unlock()
	if s == nil {
		return // said when the client is signed in again
	}
	for id, list := range bySession {
		for part := range slices.Chunk(list, wire.MaxResumes) {
			_ = s.send(wire.TypeResumeWanted, "", wire.ResumeWanted{SessionID: id, Streams: part}) // or after the next sign-in
		}
	}
}

// resumeAll asks again for all that wait.
func (c *Client) resumeAll() {
	var list []*stream.Stream
	for _, s := range c.streams.Streams() {
		if !s.Visitor() && s.NeedsChannel() {
			list = append(list, s)
		}
	}
	c.wantResume(list)
}

// resumeWanted is the visitor's part.
func (c *Client) resumeWanted(p wire.ResumeWanted) {
	if len(p.Streams) == 0 {
		c.renewKeys(p.SessionID)
		return
	}
	doubted := make(map[*seeker]bool)
	for _, text := range p.Streams {
		var id stream.ID
		if n, err := hex.Decode(id[:], []byte(text)); err != nil || n != len(id) {
			continue
		}
		if s := c.streams.Find(id, true); s != nil {
			if v, ok := s.Tag().(*visit); ok {
				if !doubted[v.seeker] {
					doubted[v.seeker] = true
					v.seeker.renew() // what is ready leads to where the provider was
				}
				v.seeker.need(s, true)
			}
		}
	}
}

// endStreams resets the streams of a session that has ended for good (rules
// S15). told: the provider knows.
func (c *Client) endStreams(ss *session, told bool) {
	for _, s := range c.streams.Streams() {
		i := s.Info()
		switch tag := i.Tag.(type) {
		case *visit:
			if tag.seeker.f.has(ss) {
				s.Reset(stream.CodeStopping)
				if told {
					s.Final()
				}
			}
		case *serving:
			if sv, ok := i.Last.Tag().(*served); ok && sv.session == ss {
				s.Reset(stream.CodeStopping)
			}
		}
	}
}

// providerStats are a stream's figures as seen from the visitor.
type providerStats struct{ s *stream.Stream }

// Stats implements carrying.
func (p providerStats) Stats() (forward, backward uint64) {
	i := p.s.Info()
	return i.In, i.Out
}

// streamInfos describes all open streams, the busiest first.
func (c *Client) streamInfos() []wire.StreamInfo {
	all := c.streams.Streams()
	list := make([]wire.StreamInfo, 0, len(all))
	for _, s := range all {
		list = append(list, streamInfo(s.Info()))
	}
	slices.SortFunc(list, func(a, b wire.StreamInfo) int {
		return cmp.Or(cmp.Compare(b.BytesIn+b.BytesOut, a.BytesIn+a.BytesOut), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func streamInfo(i stream.Info) wire.StreamInfo {
	w := wire.StreamInfo{
		ID: hex.EncodeToString(i.ID[:]), Role: wire.Provider, Service: i.Service, Begun: i.Begun.UnixMilli(),
		BytesIn: i.In, BytesOut: i.Out, Unacked: i.Unacked, Resumptions: i.Resumptions,
	}
	if i.LastFault != nil {
		w.LastFault, w.FaultAt = i.LastFault.Error(), i.FaultAt.UnixMilli()
	}
	if v, ok := i.Tag.(*visit); ok {
		w.Role, w.Peer = wire.Visitor, v.seeker.f.spec.Target
	}
	if i.Last == nil {
		return w
	}
	var transport Transport
	var leg func() time.Duration
	switch tag := i.Last.Tag().(type) {
	case *pooled:
		transport, leg = tag.transport, tag.leg
	case *served:
		transport, leg, w.Peer = tag.transport, tag.leg, tag.session.peer
	}
	if i.Channel != nil {
		w.Path = string(transport)
		w.Latency, w.Leg = milliseconds(i.Channel.RTT()), milliseconds(leg())
	}
	return w
}

// reportEach is how often the gateway is told of the streams, if there is
// anything new: it cannot see them.
const reportEach = 5 * time.Second

// reportStreams tells the gateway.
func (c *Client) reportStreams(ctx context.Context) {
	var told []wire.StreamInfo
	var to *signal
	for {
		select {
		case <-time.After(reportEach):
		case <-ctx.Done():
			return
		}
		list := c.streamInfos()
		c.mu.Lock()
		s := c.signal
		c.mu.Unlock()
		if s == nil || s == to && slices.Equal(list, told) || len(list)+len(told) == 0 {
			continue
		}
		told, to = list, s
		_ = s.send(wire.TypeStreams, "", wire.Streams{Streams: list[:min(len(list), wire.MaxStreamInfos)], Total: len(list)}) // or next time
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// plainChannel takes a channel's connection out of the mover.
func plainChannel(ch channel) (channel, error) {
	conn, err := splice.Plain(ch.Conn)
	if err != nil {
		return ch, err // it is closed
	}
	_ = conn.SetDeadline(time.Time{}) // fails on closed ones only
	ch.Conn = conn
	return ch, nil
}
