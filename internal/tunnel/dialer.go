// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/culvertd/culvert/internal/stream"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// dialHold is how long Dial waits for a provider that is away, if it was there
	// within the last dialRecent: it changes networks, or starts anew. Of one
	// that has been away for longer nothing is to be expected.
	dialHold   = 5 * time.Second
	dialRecent = 30 * time.Second
	// lingerTime is how long the service may keep its end of a connection open
	// that was closed here; TCP has as long for that (tcp_fin_timeout).
	lingerTime = time.Minute
	// bareTimeout is how long a provider may leave bytes of a bare connection
	// unconfirmed. One whose address has changed cannot say so, and whoever uses a
	// connection that was kept would wait for minutes.
	bareTimeout = 15 * time.Second
)

// dialer is the carrier of a forward that listens nowhere.
type dialer struct{ seeker }

// Dialer returns a forward without a listener, for a TCP service: what it carries
// are the connections of Dial. It asks for a session when it needs one.
func (c *Client) Dialer(target, service, encryption string) (*Forward, error) {
	f := &Forward{
		c: c, spec: ForwardSpec{Target: target, Service: service, Encryption: encryption}, asking: make(chan struct{}, 1),
		protocol: wire.ServiceTCP,
	}
	f.ctx, f.cancel = context.WithCancel(c.base)
	f.asking <- struct{}{}
	d := &dialer{}
	d.init(f)
	f.carrier = d
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining || c.stopped {
		f.cancel()
		return nil, errStopped
	}
	c.forwards[f] = struct{}{}
	return f, nil
}

// serve implements carrier.
func (*dialer) serve(ctx context.Context) { <-ctx.Done() }

// addr implements carrier.
func (d *dialer) addr() net.Addr { return serviceAddr(d.f.spec.Target + "/" + d.f.spec.Service) }

// close implements carrier.
func (*dialer) close() {}

// serviceAddr is the address of both ends of a dialed connection.
type serviceAddr string

// Network implements net.Addr.
func (serviceAddr) Network() string { return "culvert" }

// String implements net.Addr.
func (a serviceAddr) String() string { return string(a) }

// Dial connects to the service of a forward that Dialer has made. It returns
// once the provider has reached the service; where channels are not encrypted,
// once the provider has been asked to. The error is an *Error of the kind
// TargetRefused if the gateway or the provider says no, a *stream.ResetError if
// the service cannot be reached, and ctx's if that has ended before.
func (f *Forward) Dial(ctx context.Context) (net.Conn, error) {
	d, ok := f.carrier.(*dialer)
	if !ok {
		return nil, errors.New("the forward has a listener")
	}
	for tries := 0; ; tries++ {
		ss, err := f.hold(ctx)
		if err != nil {
			return nil, err
		}
		if ss.mode == wire.ModeTLS {
			return d.dial(ctx)
		}
		conn, err := f.dialBare(ctx, ss)
		if err == nil || tries > 0 || !f.outdated(ss, err) {
			return conn, err
		}
	}
}

// outdated reports whether the relay does not know the session any more, and lets
// go of it then. The gateway says so itself, but later.
func (f *Forward) outdated(ss *session, err error) bool {
	no, ok := errors.AsType[*wire.Refusal](err)
	if !ok || no.Code != wire.RefusedDenied && no.Code != wire.RefusedClosed {
		return false
	}
	f.c.sessions.drop(ss, no)
	return true
}

// Over reports whether the forward had a session, and has none now.
func (f *Forward) Over() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.session != nil && f.session.ended()
}

// Open returns how many connections the forward carries now.
func (f *Forward) Open() int {
	open, _ := f.Counts()
	return open
}

// Counts returns how many connections, or flows of datagrams, the forward carries
// now, and how many there were.
func (f *Forward) Counts() (open int, total uint64) {
	open, total, _, _, _ = f.tally.sums()
	return open, total
}

// hold returns a session, for which it waits only if the provider was there a
// moment ago.
func (f *Forward) hold(ctx context.Context) (*session, error) {
	if ss := f.live(); ss != nil {
		return ss, nil
	}
	f.mu.Lock()
	recent := !f.lived.IsZero() && time.Since(f.lived) < dialRecent
	f.mu.Unlock()
	if !recent {
		return f.askOnce(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, dialHold)
	defer cancel()
	return f.acquire(ctx)
}

// dial opens a stream and waits until it is open.
func (d *dialer) dial(ctx context.Context) (net.Conn, error) {
	p := newMemPipe(d.addr())
	v := &visit{seeker: &d.seeker, flow: d.f.tally.begin(&d.f.c.busy), opened: make(chan error, 1)}
	s := d.begin(pipeApp{p}, v)
	select {
	case err := <-v.opened:
		if err != nil {
			return nil, err
		}
	case <-ctx.Done():
		s.Reset(stream.CodeReset)
		return nil, ctx.Err()
	}
	return &dialed{memPipe: p, linger: func() {
		late := time.AfterFunc(lingerTime, func() { s.Reset(stream.CodeReset) })
		v.late.Store(late)
		if v.over.Load() {
			late.Stop()
		}
	}}, nil
}

// dialBare opens a channel without encryption, which carries one connection.
func (f *Forward) dialBare(ctx context.Context, ss *session) (net.Conn, error) {
	ch, err := f.c.openChannel(ctx, *f.opening(ss))
	if err != nil {
		return nil, err
	}
	plain, err := plainChannel(ch)
	if err != nil {
		return nil, err
	}
	setUserTimeout(plain.Conn, bareTimeout)
	under := &bulkConn{Conn: plain.Conn, answered: !f.c.answers(), direct: true}
	under.lazy, under.all = asLazy(plain.Conn)
	return &bare{bulkConn: under, flow: f.tally.begin(&f.c.busy)}, nil
}

func (*Forward) opening(ss *session) *opening {
	return &opening{relay: ss.relay, key: ss.key, role: wire.Open, protocol: wire.TCP, session: ss.id}
}

// bare is a connection over a channel of its own.
type bare struct {
	*bulkConn
	flow *flow
}

// Close implements net.Conn.
func (b *bare) Close() error {
	b.flow.end()
	return b.bulkConn.Close()
}
