// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"net"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// tcpVisitor accepts applications and gives each a channel.
type tcpVisitor struct {
	f  *Forward
	ln net.Listener
	seeker
}

func newTCPVisitor(f *Forward, where local) (carrier, error) {
	ln, err := where.listen(f.ctx)
	if err != nil {
		return nil, err
	}
	v := &tcpVisitor{f: f, ln: ln}
	v.init(f)
	return v, nil
}

func (v *tcpVisitor) addr() net.Addr { return v.ln.Addr() }

func (v *tcpVisitor) close() { _ = v.ln.Close() }

// serve accepts until the listener is closed.
func (v *tcpVisitor) serve(ctx context.Context) {
	defer v.ln.Close()
	stop := context.AfterFunc(ctx, v.close)
	defer stop()
	v.f.c.mover.Listen(v.ln, func(app splice.Conn) splice.Guest {
		v.admit(ctx, app)
		return nil
	}, func(err error) {
		// Out of descriptors, most likely: leave it to those who wait.
		v.f.c.log.Warn("accepting a connection failed; trying again", zap.Error(err))
		time.Sleep(50 * time.Millisecond)
	})
}

// admit links an application with a warm channel at once, or has a goroutine
// find it one.
func (v *tcpVisitor) admit(ctx context.Context, app splice.Conn) {
	ss := v.f.live()
	if ss != nil && ss.mode == wire.ModeTLS {
		v.open(app)
		return
	}
	if ss != nil && v.quick(ss, app) {
		return
	}
	app, err := splice.Plain(app)
	if err != nil {
		return // it is closed
	}
	if !v.f.c.spawn(func(context.Context) { v.carry(ctx, app) }) {
		_ = app.Close()
	}
}

// quick begins a warm channel, if there is one. The go byte is sent at once,
// because many servers speak first, and with it what the application has said.
func (v *tcpVisitor) quick(ss *session, app splice.Conn) bool {
	ch, ok := ss.warm.take()
	if !ok {
		return false
	}
	fl := v.f.tally.begin(&v.f.c.busy)
	began, heard := time.Now(), false
	o := splice.Options{
		Answer: func(b []byte) (int, error) {
			skip, err := parseAnswer(b)
			heard = heard || err == nil
			return skip, err
		},
		Done: func(err error) {
			switch {
			case heard && ch.transport == Relay:
				v.f.c.way.works(true)
			case !heard && err != nil && time.Since(began) < usefulAge:
				v.f.c.channelBroke(ch, ss.relay, err)
			}
			v.linked(ss, fl, err)
		},
	}
	o.First[splice.Forward], o.Own[splice.Forward] = goByte, len(goByte)
	fl.attach(v.f.c.mover.Link(app, ch.Conn, o), 0)
	return true
}

var goByte = []byte{wire.Go}

// carry finds the application a channel, and lets the mover have both.
func (v *tcpVisitor) carry(ctx context.Context, app splice.Conn) {
	fl := v.f.tally.begin(&v.f.c.busy)
	// An application that waits for nothing any more, as when the forward is
	// closed.
	stop := context.AfterFunc(ctx, func() { _ = app.Reset() })
	err := v.connect(ctx, app, fl)
	if !stop() {
		err = errStopped
	}
	if err != nil {
		_ = app.Reset()
		fl.end()
		if ctx.Err() == nil && !errors.Is(err, errAppGone) {
			v.f.report(err)
		}
	}
}

// connect tries sessions and channels until the application is linked. What
// was refused before it reached the provider is tried again once, with what
// the application has sent; where there is no relay because there is no
// gateway, the application waits for that.
func (v *tcpVisitor) connect(ctx context.Context, app splice.Conn, fl *flow) error {
	hold, cancel := context.WithTimeout(ctx, holdTime)
	defer cancel()
	t := newTalk(v.f.c, app)
	defer t.done()
	for tries := 0; ; {
		ss, err := v.f.acquire(hold)
		if err != nil {
			return err
		}
		if ss.mode == wire.ModeTLS {
			return v.adopt(app, t.said, fl)
		}
		err = t.open(ctx, ss)
		if none, ok := errors.AsType[*notBegunError](err); ok && ctx.Err() == nil && !v.f.c.isOnline() {
			if _, err := v.f.c.online(hold); err != nil {
				return none
			}
			continue
		}
		tries++
		var no *wire.Refusal
		switch {
		case err == nil:
			fl.attach(t.link(func(err error) { v.linked(ss, fl, err) }), len(t.said))
			return nil
		case !errors.As(err, &no) || tries > 1 || ctx.Err() != nil:
			return err
		case no.Code == wire.RefusedDenied, no.Code == wire.RefusedClosed:
			v.f.c.sessions.drop(ss, no)
		case no.Code != wire.RefusedStale:
			return err
		}
	}
}

// linked is called when a link has ended.
func (v *tcpVisitor) linked(ss *session, fl *flow, err error) {
	fl.end()
	var no *wire.Refusal
	if !errors.As(err, &no) {
		return
	}
	v.f.report(no) // too late to try again
	if no.Code == wire.RefusedDenied || no.Code == wire.RefusedClosed {
		v.f.c.sessions.drop(ss, no)
	}
}
