// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/stream"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// probeEach is how often a new channel is tried while streams wait and none
	// has come up: tries overlap, since a SYN that was lost is repeated after
	// 1, 3 and 7 s only (rules S13).
	probeEach = 200 * time.Millisecond
	// probeEager is how long that is done; then the pauses grow to probeMost.
	probeEager = 30 * time.Second
	probeMost  = 5 * time.Second
	// probeTime bounds a try, and maxProbes those under way.
	probeTime = 5 * time.Second
	maxProbes = 32
	// The relay may have paired tries with channels of the provider's that are
	// dead, and then there is no answer. If one takes longer than probeSlow, single
	// ones are begun beside those under way, up to another maxProbes.
	probeSlow = time.Second
)

// seeker finds channels for the streams of a forward: those that are new, and
// those that have lost theirs.
type seeker struct {
	f *Forward

	mu      sync.Mutex // guards the fields below
	waiting []*stream.Stream
	forced  map[*stream.Stream]bool // the provider asks, though they have one
	running bool
	wake    chan struct{}
	trying  int
	slow    int       // of these
	failing time.Time // since when no try has succeeded; zero: the last one has
}

// visit is the tag of a visitor's stream.
type visit struct {
	seeker *seeker
	flow   *flow
	opened chan error // has room for one, and is told how it went; nil: nobody waits
	over   atomic.Bool
	late   atomic.Pointer[time.Timer] // to be stopped when it is over; nil: none
	done   func()                     // called when it is over; may be nil
}

// end says that the stream has ended.
func (v *visit) end() {
	v.flow.end()
	v.over.Store(true)
	if late := v.late.Load(); late != nil {
		late.Stop()
	}
	if v.done != nil {
		v.done()
	}
}

// tell says how the opening of the stream went, if somebody waits for that.
func (v *visit) tell(err error) {
	select {
	case v.opened <- err:
	default:
	}
}

func (k *seeker) init(f *Forward) {
	k.f, k.forced, k.wake = f, make(map[*stream.Stream]bool), make(chan struct{}, 1)
}

// open gives an application a stream. It does not wait.
func (k *seeker) open(app splice.Conn) {
	app, err := splice.Plain(app)
	if err != nil {
		return // it is closed
	}
	k.begin(newStreamApp(app), &visit{seeker: k, flow: k.f.tally.begin(&k.f.c.busy)})
}

// adopt is open for an application that has said something already, and is
// counted.
func (k *seeker) adopt(app splice.Conn, said []byte, fl *flow) error {
	if len(said) > 0 {
		app = &saidApp{Conn: app, said: append([]byte(nil), said...)}
	} else {
		app = newStreamApp(app)
	}
	k.begin(app, &visit{seeker: k, flow: fl})
	return nil
}

func (k *seeker) begin(app stream.App, v *visit) *stream.Stream {
	return k.supply(k.f.c.streams.Open(k.f.spec.Service, app, v), v)
}

// supply counts a stream that was opened, and finds it a channel.
func (k *seeker) supply(s *stream.Stream, v *visit) *stream.Stream {
	v.flow.attach(visitorStats{s}, 0)
	if ss := k.f.live(); ss != nil && ss.pool != nil {
		for ch := ss.pool.take(ss.pool.took); ch != nil; ch = ss.pool.take(ss.pool.took) {
			switch {
			case s.Attach(ch) == nil:
				return s
			case !s.NeedsChannel(): // its application has gone already
				ss.pool.giveBack(ch)
				return s
			}
		}
		ss.pool.missed()
	}
	k.need(s, false)
	return s
}

// need has a stream get a channel. With force it gets another in place of the
// one that it has.
func (k *seeker) need(s *stream.Stream, force bool) {
	k.mu.Lock()
	if force {
		k.forced[s] = true
	}
	k.waiting = append(k.waiting, s)
	start := !k.running
	k.running = true
	k.mu.Unlock()
	if start && !k.f.c.spawn(k.run) {
		s.Reset(stream.CodeStopping)
		return
	}
	k.look()
}

// recheck implements carrier: what has failed before says nothing any more.
func (k *seeker) recheck() {
	k.mu.Lock()
	k.failing = time.Time{}
	k.mu.Unlock()
	k.look()
}

// renew replaces the channels that are ready.
func (k *seeker) renew() {
	if ss := k.f.live(); ss != nil && ss.pool != nil {
		ss.pool.refresh(0)
	}
}

// use attaches a channel to a stream that waits, and reports whether one did.
func (k *seeker) use(ch *stream.Channel) bool {
	for {
		s, forced := k.next()
		switch {
		case s == nil:
			return false
		case !forced && !s.NeedsChannel():
		case s.Attach(ch) == nil:
			return true
		case s.NeedsChannel(): // the channel has gone in the meantime
			k.need(s, forced)
			return false
		}
	}
}

// next takes the stream that has waited longest.
func (k *seeker) next() (s *stream.Stream, forced bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failing = time.Time{}
	if len(k.waiting) == 0 {
		return nil, false
	}
	s = k.waiting[0]
	k.waiting = k.waiting[1:]
	forced = k.forced[s]
	delete(k.forced, s)
	return s, forced
}

func (k *seeker) look() { nudge(k.wake) }

// left drops those that need nothing any more, and returns how many wait.
func (k *seeker) left() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := k.waiting[:0]
	for _, s := range k.waiting {
		if k.forced[s] || s.NeedsChannel() {
			list = append(list, s)
		}
	}
	clear(k.waiting[len(list):])
	k.waiting = list
	if len(list) == 0 {
		k.running = false
	}
	return len(list)
}

// run looks for channels until nobody waits. It has one goroutine per forward
// that needs it.
func (k *seeker) run(ctx context.Context) {
	pause := probeEach
	for k.left() > 0 {
		ss, err := k.f.acquire(ctx)
		switch {
		case err != nil && (ctx.Err() != nil || k.f.ctx.Err() != nil || hopeless(err)):
			k.giveUp(err)
			continue
		case err != nil:
			continue // it has waited; those who wait for too long end by themselves
		case ss.pool == nil:
			k.giveUp(errors.New("the service is not encrypted any more"))
			continue
		}
		ss.pool.serve(k)
		n := k.left()
		if n == 0 {
			return
		}
		pause = k.probe(ss, n, pause)
		select {
		case <-k.wake:
		case <-time.After(pause):
		case <-ss.done:
		case <-ctx.Done():
		}
	}
}

// hopeless reports whether there will be no session for streams that wait. That
// somebody else was still asking for one when our patience ended says nothing.
func hopeless(err error) bool {
	return !worthAsking(err) && !errors.Is(err, context.DeadlineExceeded)
}

// serve lets a seeker have what is ready, and what will be.
func (p *pool) serve(k *seeker) {
	p.mu.Lock()
	p.seeker = k
	p.mu.Unlock()
	for k.left() > 0 {
		ch := p.take(p.restored)
		if ch == nil {
			return
		}
		switch {
		case k.use(ch):
		case k.left() > 0:
			ch.Close() // it had gone
		default:
			p.giveBack(ch)
		}
	}
}

// probe begins as many tries as make sense, and returns when to look again.
func (k *seeker) probe(ss *session, wanted int, pause time.Duration) time.Duration {
	k.mu.Lock()
	tries := min(wanted, maxProbes) - k.trying
	if k.slow > 0 && tries < 1 {
		tries = min(1, 2*maxProbes-k.trying)
	}
	if !k.failing.IsZero() {
		tries = min(1, 2*maxProbes-k.trying)
		if time.Since(k.failing) > probeEager {
			pause = min(2*pause, probeMost)
		} else {
			pause = probeEach
		}
	} else {
		pause = probeEach
	}
	k.trying += max(tries, 0)
	k.mu.Unlock()
	for range tries {
		if !k.f.c.spawn(func(ctx context.Context) { k.try(ctx, ss) }) {
			k.tried(errStopped)
		}
	}
	return pause
}

func (k *seeker) try(ctx context.Context, ss *session) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	slow := time.AfterFunc(probeSlow, func() { k.count(&k.slow, 1) })
	err := ss.pool.open(ctx, false, nil)
	if !slow.Stop() {
		k.count(&k.slow, -1)
	}
	k.tried(err)
	switch {
	case isPeerChanged(err):
		k.giveUp(err) // it will not change by itself
	case err != nil && ctx.Err() == nil:
		k.f.report(err)
	}
}

func (k *seeker) tried(err error) {
	k.mu.Lock()
	k.trying--
	if err == nil {
		k.failing = time.Time{}
	} else if k.failing.IsZero() {
		k.failing = time.Now()
	}
	k.mu.Unlock()
	if err == nil {
		k.look()
	}
}

// count changes one of the numbers that mu guards.
func (k *seeker) count(n *int, by int) {
	k.mu.Lock()
	*n += by
	k.mu.Unlock()
}

// giveUp resets what waits: there will be no session for it.
func (k *seeker) giveUp(err error) {
	k.mu.Lock()
	waiting := k.waiting
	k.waiting = nil
	clear(k.forced)
	k.mu.Unlock()
	for _, s := range waiting {
		s.Reset(stream.CodeStopping)
	}
	k.f.report(err)
}

// visitorStats are a stream's figures as seen from the visitor.
type visitorStats struct{ s *stream.Stream }

// Stats implements carrying.
func (v visitorStats) Stats() (forward, backward uint64) {
	i := v.s.Info()
	return i.Out, i.In
}

// saidApp is an application that has said something before.
type saidApp struct {
	splice.Conn
	said []byte
}

// Read implements net.Conn.
func (a *saidApp) Read(b []byte) (int, error) {
	if len(a.said) > 0 {
		n := copy(b, a.said)
		a.said = a.said[n:]
		return n, nil
	}
	return a.Conn.Read(b)
}

// handshakeFailed draws conclusions from how a handshake ended at the visitor.
func (c *Client) handshakeFailed(ch channel, ss *session, err error) {
	var no *wire.Refusal
	switch {
	case errors.As(err, &no):
		if no.Code == wire.RefusedDenied || no.Code == wire.RefusedClosed {
			c.sessions.drop(ss, no)
		}
	case !isPeerChanged(err):
		c.channelBroke(ch, ss.relay, err)
	}
}

func isPeerChanged(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == PeerChanged
}
