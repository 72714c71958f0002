// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"cmp"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/wire"
)

const (
	// holdTime is how long an application waits while there is no session.
	holdTime = 35 * time.Second
	// holdPause is between the first two requests for one; later pauses grow to
	// holdMost. After a restart of the gateway the provider may be a moment later
	// than the visitor.
	holdPause = 150 * time.Millisecond
	holdMost  = time.Second
	// askTimeout is a little more than the gateway gives the provider.
	askTimeout = 12 * time.Second
)

// Forward is a local listener for a service of another client. It has a
// session while it is in use, and asks for another when that has ended.
type Forward struct {
	c       *Client
	spec    ForwardSpec
	owner   func() (target, service string, ok bool) // nil: spec says it
	carrier carrier
	tally   tally
	asking  chan struct{} // holds one; whoever takes it asks for a session
	ctx     context.Context
	cancel  context.CancelFunc
	once    sync.Once

	mu       sync.Mutex // guards the fields below
	session  *session   // the latest; nil: there was none yet
	lived    time.Time  // when that was last known to be there
	protocol string
}

// carrier is what listens and carries for a forward.
type carrier interface {
	// serve runs until close.
	serve(ctx context.Context)
	addr() net.Addr
	// recheck is Client.recheck's part. It does not wait.
	recheck()
	// close stops listening; what is open goes on.
	close()
}

// Forward asks for a session and listens. It waits until ctx ends for the
// client to be online, for the provider's answer, and for both to have proven
// their keys.
func (c *Client) Forward(ctx context.Context, spec ForwardSpec) (*Forward, error) {
	where, err := parseLocal(spec.Local)
	if err != nil {
		return nil, &Error{Kind: LocalFailed, Err: err}
	}
	ss, err := c.ask(ctx, spec)
	if err != nil {
		return nil, err
	}
	if ss.pool != nil {
		if err := ss.pool.proof(ctx); err != nil {
			c.leave(ss)
			return nil, err
		}
	}
	f := &Forward{c: c, spec: spec, asking: make(chan struct{}, 1), session: ss, protocol: ss.service.Protocol}
	f.ctx, f.cancel = context.WithCancel(c.base)
	f.asking <- struct{}{}
	if f.carrier, err = newCarrier(f, ss, where); err != nil {
		f.cancel()
		c.leave(ss)
		return nil, &Error{Kind: LocalFailed, Err: err}
	}
	c.mu.Lock()
	if c.draining || c.stopped {
		c.mu.Unlock()
		_ = f.Close()
		return nil, errStopped
	}
	c.forwards[f] = struct{}{}
	c.tasks.Go(func() { f.carrier.serve(f.ctx) })
	c.mu.Unlock()
	c.log.Info("forwarding", zap.Stringer("from", f.Addr()), zap.String("to", spec.Target+"/"+spec.Service))
	return f, nil
}

// newCarrier listens for the session's kind of service.
func newCarrier(f *Forward, ss *session, where local) (carrier, error) {
	if ss.service.Transport() == wire.UDP {
		return newUDPVisitor(f, ss, where)
	}
	return newTCPVisitor(f, where)
}

// Addr returns where the forward listens.
func (f *Forward) Addr() net.Addr { return f.carrier.addr() }

// Close stops listening, and ends the session and all that it carries.
func (f *Forward) Close() error {
	f.once.Do(func() {
		f.cancel()
		if f.carrier != nil {
			f.carrier.close()
		}
		f.c.mu.Lock()
		delete(f.c.forwards, f)
		f.c.mu.Unlock()
		f.mu.Lock()
		ss := f.session
		f.mu.Unlock()
		if ss != nil {
			f.c.endStreams(ss, false)
			f.c.leave(ss)
		}
	})
	return nil
}

// leave ends a session of ours.
func (c *Client) leave(ss *session) {
	c.sessions.drop(ss, errStopped)
	c.mu.Lock()
	s := c.signal
	c.mu.Unlock()
	if s != nil {
		_ = s.send(wire.TypeSessionClosed, "", wire.SessionClosed{SessionID: ss.id}) // or the gateway ends it when it is idle
	}
}

// acquire returns a session that has not ended, for which it waits up to
// holdTime.
func (f *Forward) acquire(ctx context.Context) (*session, error) {
	if ss := f.live(); ss != nil {
		return ss, nil
	}
	ctx, cancel := context.WithTimeout(ctx, holdTime)
	defer cancel()
	for pause := holdPause; ; pause = min(pause*5/4, holdMost) {
		ss, err := f.askOnce(ctx)
		if err == nil || !worthAsking(err) {
			return ss, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// askOnce asks unless somebody else has.
func (f *Forward) askOnce(ctx context.Context) (*session, error) {
	select {
	case <-f.asking:
		defer func() { f.asking <- struct{}{} }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if ss := f.live(); ss != nil {
		return ss, nil
	}
	spec, err := f.wish()
	if err != nil {
		return nil, err
	}
	ss, err := f.c.ask(ctx, spec)
	f.report(err)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if ss.service.Transport() != (wire.Service{Protocol: f.protocol}).Transport() {
		f.c.leave(ss)
		return nil, &Error{Kind: TargetRefused, Err: errors.New("the service is " + ss.service.Protocol + " now; it was " + f.protocol)}
	}
	if f.ctx.Err() != nil {
		f.c.leave(ss)
		return nil, errStopped
	}
	f.session, f.protocol, f.lived = ss, ss.service.Protocol, time.Now()
	return ss, nil
}

// live returns the session, or nil if it has ended.
func (f *Forward) live() *session {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.session == nil || f.session.ended() {
		return nil
	}
	f.lived = time.Now()
	return f.session
}

// has reports whether the forward's latest session is ss.
func (f *Forward) has(ss *session) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.session == ss
}

// renew asks for a session if there is none, after the client has come back.
func (f *Forward) renew() {
	f.mu.Lock()
	unused := f.session == nil
	f.mu.Unlock()
	if unused || f.live() != nil {
		return
	}
	f.c.spawn(func(context.Context) {
		_, _ = f.acquire(f.ctx) // reported
	})
}

// report keeps err for the status and logs it once; nil is that all is well.
func (f *Forward) report(err error) {
	if f.tally.note(err) && f.ctx.Err() == nil {
		f.c.log.Warn("forwarding fails", zap.String("to", f.spec.Target+"/"+f.spec.Service), zap.Error(err))
	}
}

// ask requests a session.
func (c *Client) ask(ctx context.Context, spec ForwardSpec) (*session, error) {
	s, err := c.online(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	label := c.wishes.begin(spec)
	defer c.wishes.end(label)
	m, err := s.call(ctx, wire.TypeConnectRequest, wire.ConnectRequest{
		FromClientID: c.wantedName(), ToClientID: spec.Target, ServiceID: spec.Service, SessionID: label, Encryption: c.encryption(spec),
	})
	if err != nil {
		return nil, &Error{Kind: Unreachable, Err: err}
	}
	var p wire.CreateSession
	var no wire.RejectSession
	var e wire.ErrorPayload
	switch m.Type {
	case wire.TypeCreateSession:
		if err = m.Unmarshal(&p); err != nil {
			break
		}
		if ss := c.sessions.visitor(p.SessionID); ss != nil {
			return ss, nil
		}
		err = errSessionGone // already
	case wire.TypeRejectSession:
		if err = m.Unmarshal(&no); err == nil {
			e = wire.ErrorPayload{Code: no.Code, Message: cmp.Or(no.Reason, "the provider refuses")}
		}
	default:
		err = m.Unmarshal(&e)
	}
	if err != nil {
		return nil, &Error{Kind: Unreachable, Err: err}
	}
	return nil, &Error{Kind: TargetRefused, Code: e.Code, Err: errors.New(cmp.Or(e.Message, "the gateway refuses"))}
}

// worthAsking reports whether a request that has succeeded before may do so
// again soon.
func worthAsking(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case wire.CodeClientOffline, wire.CodeClientNotFound, wire.CodeTimeout, wire.CodeRestarting, wire.CodeNotRegistered:
		return true
	}
	return e.Kind == Unreachable
}
