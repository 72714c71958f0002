// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/tunnel"
)

// reachPatience is how long a service is waited for while there is another one.
const reachPatience = 3 * time.Second

// Static is an address of the gateway's configuration whose visitors are taken to
// published services.
type Static struct {
	// Address is where to listen for TCP, such as ":2222".
	Address string
	// Services are one or more, over which connections are balanced.
	Services []signaling.Named
	// ProxyProtocol is by which version of the PROXY protocol services are told who
	// comes: wire.ProxyV1 or wire.ProxyV2. Empty: they are not.
	ProxyProtocol string
}

// static is such an address while it is open. As with the relay's port, a reload
// never binds it anew: connections that are about to be accepted would be lost.
type static struct {
	*port
	spec    atomic.Pointer[Static]
	started bool // whether it accepts; guarded by Publisher.mu
	balance balancer
}

// WantStatic opens an address if it is not open yet. Nobody is accepted before
// SetStatics.
func (p *Publisher) WantStatic(addr string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.statics[addr] != nil {
		return nil
	}
	o := new(static)
	var err error
	if o.port, err = p.newPort(addr, o.serve); err != nil {
		return err
	}
	if p.statics == nil {
		p.statics = make(map[string]*static)
	}
	p.statics[addr] = o
	return nil
}

// SetStatics puts in force what listens where. All addresses are open; what is open
// and not in the list goes on as it was, until KeepStatics.
func (p *Publisher) SetStatics(list []Static) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, v := range list {
		o := p.statics[v.Address]
		o.balance.set(v.Services)
		o.spec.Store(&v)
		if !o.started {
			o.started = true
			o.tasks.Go(o.accept)
		}
	}
}

// KeepStatics closes the addresses that are not among addrs. What came by them goes
// on.
func (p *Publisher) KeepStatics(addrs map[string]bool) {
	p.mu.Lock()
	var gone []*static
	for addr, o := range p.statics {
		if !addrs[addr] {
			gone = append(gone, o)
			delete(p.statics, addr)
		}
	}
	p.mu.Unlock()
	for _, o := range gone {
		o.close()
	}
}

// serve takes a visitor to a service; who finds none sees a reset.
func (o *static) serve(ctx context.Context, c splice.Conn) {
	if err := o.place(ctx, c); err != nil {
		o.p.log().Debug("a visitor finds no service", zap.String("listen", o.spec.Load().Address), zap.Error(err))
		_ = c.Reset()
	}
}

// place takes a visitor to the best of the services that are there, and to another
// as long as one cannot be reached.
func (o *static) place(ctx context.Context, c splice.Conn) error {
	head, err := proxyHeader(o.spec.Load().ProxyProtocol, c)
	if err != nil {
		return err
	}
	var failures []error
	for left := o.balance.all(); ; {
		best, others := o.present(left)
		m := o.balance.choose(best)
		switch {
		case m == nil && failures == nil:
			return errAway
		case m == nil:
			return errors.Join(failures...)
		}
		if err = o.try(ctx, c, m, head, others); err == nil {
			return nil
		}
		failures = append(failures, fmt.Errorf("%s/%s: %w", m.Client, m.Service, err))
		left = slices.DeleteFunc(slices.Clone(left), func(v *member) bool { return v == m })
	}
}

// present returns those of a list whose clients are online, or if there are none,
// those that left a moment ago; others is whether the list has more than one of
// both kinds.
func (o *static) present(list []*member) (best []*member, others bool) {
	var online, recent []*member
	for _, m := range list {
		switch away, known := o.p.signaling.Away(m.Client); {
		case !known || away >= awayMost:
		case away == 0:
			online = append(online, m)
		default:
			recent = append(recent, m)
		}
	}
	others = len(online)+len(recent) > 1
	if len(online) > 0 {
		return online, others
	}
	return recent, others
}

// try has one service serve c, which is not the caller's any more without an error.
// While there are others it has to be reached for that. One that is not is tried
// last for a while.
func (o *static) try(ctx context.Context, c splice.Conn, m *member, head []byte, others bool) error {
	if others {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, reachPatience)
		defer cancel()
	}
	over := sync.OnceFunc(func() { o.balance.leave(m) })
	err := o.p.pass(ctx, c, m.Named, tunnel.Serving{First: head, Reach: others, Done: func(mute bool) {
		if mute {
			o.balance.fail(m)
		}
		over()
	}})
	if err != nil {
		over()
		o.balance.fail(m)
	}
	return err
}
