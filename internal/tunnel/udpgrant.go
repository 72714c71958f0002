// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

var errReplaced = errors.New("the visitor has opened another channel")

// udpGrant is one session.
type udpGrant struct {
	p      *udpProvider
	ss     *session
	path   atomic.Pointer[udpPath] // nil if UDP is not to be used
	keys   *udpKeys
	stream atomic.Pointer[udpStream]
	warned atomic.Bool // of a visitor that is not trusted, who comes again and again
	avoid  avoidance
	begun  time.Time
	flows  [wire.FlowsPerBlock]atomic.Pointer[serviceFlow]
}

// run ends idle flows, and all of them with the session.
func (g *udpGrant) run(ctx context.Context) {
	defer g.p.remove(g)
	sweep := time.NewTicker(udpSweep)
	defer sweep.Stop()
	for {
		select {
		case now := <-sweep.C:
			g.end(now.Add(-g.p.c.cfg.UDPIdle))
			continue
		case <-g.ss.done:
		case <-ctx.Done():
		}
		g.end(time.Now().Add(time.Hour))
		return
	}
}

// end ends the flows that were last used before t.
func (g *udpGrant) end(t time.Time) {
	for n := range g.flows {
		if fl := g.flows[n].Load(); fl != nil && fl.used.Load() < t.UnixNano() && g.flows[n].CompareAndSwap(fl, nil) {
			fl.cancel()
		}
	}
}

// mayOpen asks our own configuration, which may have changed since the session
// began (rules S4).
func (g *udpGrant) mayOpen(v wire.Service) bool {
	if g.keys == nil {
		return g.p.c.mayBePlain(v.Encryption)
	}
	key := g.ss.proven.Load()
	return key != nil && g.p.c.mayCome(v, *key)
}

// receive gives a datagram to the service. Its answers go back the way that
// the visitor uses: one that fits a packet and yet came in the stream says that
// UDP does not work there.
func (g *udpGrant) receive(k *packer, n uint8, data []byte, now time.Time, streamed bool) {
	fl := g.flows[n].Load()
	if fl == nil {
		if fl = g.open(n, streamed); fl == nil {
			g.p.lose(1)
			return
		}
	}
	fl.used.Store(now.UnixNano())
	if !streamed || len(data) <= g.keys.most() {
		if fl.streamed.Load() != streamed {
			fl.streamed.Store(streamed)
		}
	}
	k.count(fl.tally, len(data), 0)
	if c := fl.conn.Load(); c != nil {
		k.add(c, netip.AddrPort{}, headed{0, data})
		return
	}
	g.p.lose(fl.waiting.put(0, data))
	if fl.conn.Load() != nil {
		fl.release()
	}
}

// send sends a datagram of the service to the visitor.
func (g *udpGrant) send(k *packer, fl *serviceFlow, data []byte, now time.Time) {
	p := headed{g.ss.block | uint32(fl.n), data}
	s := g.stream.Load()
	fits := len(data) <= g.keys.most() && g.keys.ready()
	if path := g.path.Load(); path != nil && fits && (s == nil || !fl.streamed.Load() && !g.avoid.holds(now)) {
		if c := path.socket(); c != nil && g.keys.add(k, c, p) {
			return
		}
	}
	if s == nil {
		g.p.lose(1)
		if g.keys != nil {
			g.keys.wish() // the visitor may not know that its end is dead
		}
		return
	}
	s.push(p)
}

// newStream makes the stream of a channel, after the handshake if it is to have
// one. It takes what was read of the channel, and returns what is left of that.
func (g *udpGrant) newStream(ctx context.Context, ch channel, first []byte) (*udpStream, []byte, error) {
	k := newPacker(g.p.lose)
	deliver := func(id uint32, data []byte) {
		if id == 0 {
			k.flush()
			return
		}
		g.receive(k, uint8(id), data, time.Now(), true)
	}
	if g.keys == nil {
		return newUDPStream(ch.Conn, g.p.lose, deliver), first, nil
	}
	path, _, err := g.p.c.secureProvider(ctx, ch, g.ss.id, first)
	if err != nil {
		return nil, nil, sortOut(err)
	}
	out, err := g.keys.take(path)
	if err != nil {
		return nil, nil, err
	}
	s := newUDPStream(securedChannel{path}, g.p.lose, deliver)
	g.keys.use(s, out, func() {})
	return s, nil, nil
}

// askForKeys has the visitor open another channel, for only it can (rules S1).
func (g *udpGrant) askForKeys() {
	g.p.c.mu.Lock()
	s := g.p.c.signal
	g.p.c.mu.Unlock()
	if s != nil {
		_ = s.send(wire.TypeResumeWanted, "", wire.ResumeWanted{SessionID: g.ss.id, Streams: []string{}}) // or it is asked for again
	}
}
