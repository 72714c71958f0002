// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"sync"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// cookieLife is how long, in seconds, a secret makes cookies; they are
	// taken for as long again.
	cookieLife = 120
	// flowIdle, in seconds, is when a flow counts as another one.
	flowIdle = 60
)

// control answers a packet that is for the relay itself. What is not right in
// every respect gets silence: whoever sent it has proven nothing, and may not
// be who the address says.
func (p *porter) control(t *datagram.Train, id uint32, packet []byte) {
	if p.u.relay.blocked(t.Addr.Addr()) {
		p.u.count.drop(dropBlocked, 1)
		return
	}
	c, err := wire.ParseControl(packet[wire.PacketHeader:])
	if id != 0 || err != nil {
		p.u.count.drop(dropMalformed, 1)
		return
	}
	secret, b := p.u.holder(c.Key)
	if b == nil || !c.Verify(secret) {
		p.u.count.drop(dropControl, 1)
		return
	}
	var ok bool
	answer := wire.ControlPacket{Counter: c.Counter}
	switch c.Kind {
	case wire.Hello:
		answer.Kind = wire.Cookie
		if ok = b.accept(c.Counter); ok {
			answer.Cookie = p.u.jar.bake(p.now, t.Addr, c.Key, c.Counter)
		}
	case wire.Echo:
		answer.Kind = wire.Bound
		ok = p.u.jar.taste(p.now, t.Addr, c.Key, c.Counter, c.Cookie) &&
			b.bind(p.u.relay, c.Counter, place{addr: t.Addr, socket: p.socket}, p.now)
	case wire.Keepalive:
		answer.Kind = wire.Alive
		at := b.at(p.now)
		if ok = at != nil && at.addr == t.Addr && at.socket == p.socket && b.accept(c.Counter); ok {
			b.seen.Store(p.now)
		}
	default: // they are ours to send, and have no MAC
	}
	if !ok {
		p.u.count.drop(dropControl, 1)
		return
	}
	p.answer(t, answer)
}

func (p *porter) answer(t *datagram.Train, c wire.ControlPacket) {
	b := c.Append(nil, wire.Secret{})
	p.push(&place{addr: t.Addr, socket: p.socket}, datagram.Train{Addr: t.Addr, Data: b, Size: len(b)}, load{})
}

// tellUnreachable tells a sender that has proven its address, at most once a
// second, that nobody is at the other end, so that it takes a TCP channel.
func (p *porter) tellUnreachable(l *leg, id uint32, t *datagram.Train) {
	if p.inside != nil {
		return // it asks before it sends
	}
	if last := l.told.Load(); last != p.now && l.told.CompareAndSwap(last, p.now) {
		p.answer(t, wire.ControlPacket{Kind: wire.Unreachable, Counter: uint64(id)})
	}
}

// holder finds who has a key: a client, or the visitor of a UDP session.
func (u *udpRelay) holder(id wire.KeyID) (wire.Secret, *binding) {
	u.relay.mu.Lock()
	defer u.relay.mu.Unlock()
	if c := u.relay.clients[id]; c != nil {
		return c.key.Secret, &c.udp.binding
	}
	if s := u.relay.sessions[id]; s != nil && s.udp.visitor != nil {
		return s.spec.Key.Secret, &s.udp.binding
	}
	return wire.Secret{}, nil
}

func (b *binding) accept(counter uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.replay.accept(counter) == fresh
}

// bind takes an address whose cookie came back. An echo that is sent again
// because our answer was lost gets it again; an older one would lead back to
// an address that was left, so it is refused.
func (b *binding) bind(r *Relay, counter uint64, at place, now int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if counter < b.echoed {
		return false
	}
	if r.blocked(at.addr.Addr()) { // under the lock, so that no unbind comes between
		return false
	}
	if old := b.place.Load(); counter == b.echoed && (old == nil || *old != at) {
		return false
	}
	b.echoed = counter
	b.place.Store(&at)
	b.seen.Store(now)
	return true
}

// cookieJar makes cookies without remembering them: each is a MAC over what it
// was made for.
type cookieJar struct {
	mu     sync.Mutex // guards the fields below
	baked  int64      // when the newer secret was made, in Unix seconds
	secret [2][32]byte
}

func (j *cookieJar) init() {
	_, _ = rand.Read(j.secret[0][:]) // never fails (crypto/rand)
	_, _ = rand.Read(j.secret[1][:])
}

// secrets returns the newer and the older one.
func (j *cookieJar) secrets(now int64) [2][32]byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	if now-j.baked > 2*cookieLife {
		j.init()
		j.baked = now
	} else if now-j.baked > cookieLife {
		j.secret[1] = j.secret[0]
		_, _ = rand.Read(j.secret[0][:])
		j.baked = now
	}
	return j.secret
}

func (j *cookieJar) bake(now int64, to netip.AddrPort, key wire.KeyID, counter uint64) [16]byte {
	return cookie(j.secrets(now)[0], to, key, counter)
}

func (j *cookieJar) taste(now int64, from netip.AddrPort, key wire.KeyID, counter uint64, c [16]byte) bool {
	s := j.secrets(now)
	newer, older := cookie(s[0], from, key, counter), cookie(s[1], from, key, counter)
	return hmac.Equal(newer[:], c[:]) || hmac.Equal(older[:], c[:])
}

func cookie(secret [32]byte, addr netip.AddrPort, key wire.KeyID, counter uint64) [16]byte {
	h := hmac.New(sha256.New, secret[:])
	ip := addr.Addr().As16()
	h.Write(ip[:])
	h.Write(binary.BigEndian.AppendUint16(nil, addr.Port()))
	h.Write(key[:])
	h.Write(binary.BigEndian.AppendUint64(nil, counter))
	return [16]byte(h.Sum(nil)[:16])
}
