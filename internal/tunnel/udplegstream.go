// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/wire"
)

// channelPause is the least time between two secured channels of a session:
// each costs both ends a handshake.
const channelPause = time.Second

var errKeysWanted = errors.New("other keys are wanted")

// keepStream keeps a channel while there are flows, for only this end can open
// it. It carries what does not fit a packet either way, or all where UDP does
// not work; and the keys come from it, so a session that needs some begins with
// a channel.
func (l *udpLeg) keepStream(ctx context.Context) {
	b := backoff{first: refillFirst}
	if l.keys != nil {
		nudge(l.wanted)
	}
	for {
		select {
		case <-l.wanted:
		case <-ctx.Done():
			return
		}
		begun := time.Now()
		heard, err := l.useStream(ctx)
		var no *wire.Refusal
		if ctx.Err() != nil {
			return
		}
		if errors.As(err, &no) && (no.Code == wire.RefusedDenied || no.Code == wire.RefusedClosed) {
			l.v.f.c.sessions.drop(l.ss, no)
			return
		}
		l.v.f.c.log.Debug("a channel for datagrams", zap.Error(err))
		if distrusted(err) {
			l.v.f.report(err)
		}
		select {
		case <-time.After(l.again(&b, heard, time.Since(begun))):
		case <-ctx.Done():
			return
		}
	}
}

// again decides how long to wait after a channel that lasted so long, and
// whether another is wanted: not if it was of use, and nobody needs it now.
func (l *udpLeg) again(b *backoff, heard bool, lasted time.Duration) time.Duration {
	wait := time.Duration(0)
	if heard && (l.keys == nil || lasted > usefulAge) {
		b.reset()
	} else {
		wait = b.next(lasted)
	}
	if !heard || l.keys != nil && l.inUse() {
		nudge(l.wanted)
	}
	if l.keys != nil {
		wait = max(wait, channelPause-lasted)
	}
	return wait
}

// inUse reports whether there are flows.
func (l *udpLeg) inUse() bool {
	l.v.mu.Lock()
	defer l.v.mu.Unlock()
	for n := range l.flows {
		if l.flows[n].Load() != nil {
			return true
		}
	}
	return false
}

// useStream opens a channel and carries packets through it until it ends.
func (l *udpLeg) useStream(ctx context.Context) (heard bool, err error) {
	ch, err := l.v.f.c.openChannel(ctx, opening{
		relay: l.ss.relay, key: l.ss.key, role: wire.Open, protocol: wire.UDP, session: l.ss.id,
	})
	if err != nil {
		return false, err
	}
	s, err := l.newStream(ctx, ch)
	if err != nil {
		return false, err
	}
	select { // whoever wanted other keys gets them
	case <-l.renew:
	default:
	}
	ended := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-l.renew:
			s.end(errKeysWanted)
		case <-ended:
		}
	})
	l.stream.Store(s)
	l.release()
	err = s.run(ctx, l.ss.done, nil, l.keys == nil && l.v.f.c.answers())
	l.stream.CompareAndSwap(s, nil)
	close(ended)
	watch.Wait()
	heard = s.heard.Load()
	if l.keys != nil && !heard && ctx.Err() == nil && !l.ss.ended() {
		// Its alert, if that is what it was, is lost in the reset that follows.
		err = &distrustError{fmt.Errorf(
			"the other end leaves right after the handshake; its log says whether it takes this end's key %s: %w",
			l.v.f.c.cfg.Key.Public().Fingerprint(), err)}
	}
	return heard, err
}

// newStream makes the stream of a channel, after the handshake if it is to have
// one.
func (l *udpLeg) newStream(ctx context.Context, ch channel) (*udpStream, error) {
	k := newPacker(l.v.lose)
	deliver := func(id uint32, data []byte) {
		if id == 0 {
			k.flush()
			return
		}
		l.receive(k, id, data, time.Now())
	}
	if l.keys == nil {
		return newUDPStream(ch.Conn, l.v.lose, deliver), nil
	}
	c := l.v.f.c
	path, err := c.secureVisitor(ctx, ch, l.ss)
	if err != nil {
		c.handshakeFailed(ch, l.ss, err)
		return nil, sortOut(err)
	}
	if ch.transport == Relay {
		c.way.works(true)
	}
	out, err := l.keys.take(path)
	if err != nil {
		return nil, err
	}
	s := newUDPStream(securedChannel{path}, l.v.lose, deliver)
	l.keys.use(s, out, func() {
		l.v.f.report(nil)
		l.release()
	})
	return s, nil
}

// renewKeys opens another channel for a session of ours, at the provider's
// wish.
func (c *Client) renewKeys(session string) {
	c.eachUDPLeg(func(l *udpLeg) {
		if l.ss.id == session && l.keys != nil {
			l.keys.wish()
		}
	})
}
