// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/stream"
	"github.com/culvertd/culvert/internal/wire"
)

// Serving is how Forward.Serve carries an application's connection. The zero value
// works.
type Serving struct {
	// First goes to the service before anything that the application says: a few
	// bytes.
	First []byte
	// Reach has Serve wait until the provider has reached the service, so that
	// there is an error if it cannot, and the connection can go to another. It
	// costs the application a round trip. Bare connections cannot tell: the
	// provider has been asked to.
	Reach bool
	// Wrap, if set, makes of the connection what a stream carries. What the relay
	// carries stays as it is.
	Wrap func(splice.Conn) splice.Conn
	// Done, if set, is called when the connection is over, and perhaps if there is
	// an error. mute is that it was a bare one, which broke off before the service
	// said anything: then it most likely was not reached.
	Done func(mute bool)
}

// Serve connects app with the service of a forward that Dialer has made, as Dial
// would, for a client within the gateway. app belongs to the forward unless there
// is an error; then nothing was read from it, nor written to it. The error is as
// Dial's.
func (f *Forward) Serve(ctx context.Context, app splice.Conn, o Serving) error {
	d, ok := f.carrier.(*dialer)
	if !ok || f.c.cfg.Within == nil {
		return errors.New("the forward has a listener, or no relay in its process")
	}
	for tries := 0; ; tries++ {
		ss, err := f.hold(ctx)
		switch {
		case err != nil:
			return err
		case ss.mode == wire.ModeTLS:
			return d.present(ctx, app, o)
		}
		err = f.join(ctx, ss, app, o)
		if err == nil || tries > 0 || !f.outdated(ss, err) {
			return err
		}
	}
}

// join has the relay carry a bare connection. It is counted, or the session would
// be taken for unused and closed.
func (f *Forward) join(ctx context.Context, ss *session, app splice.Conn, o Serving) error {
	fl := f.tally.begin(&f.c.busy)
	err := f.c.cfg.Within.Join(ctx, f.opening(ss).line(), app, o.First, func(mute bool) {
		fl.end()
		if o.Done != nil {
			o.Done(mute)
		}
	})
	if err != nil {
		fl.end()
	}
	return err
}

// present opens a stream for an application, which it gets at once, or when the
// service has been reached.
func (d *dialer) present(ctx context.Context, app splice.Conn, o Serving) error {
	v := &visit{seeker: &d.seeker, flow: d.f.tally.begin(&d.f.c.busy), opened: make(chan error, 1)}
	if o.Done != nil {
		v.done = func() { o.Done(false) }
	}
	s := d.f.c.streams.Open(d.f.spec.Service, nil, v)
	if len(o.First) > 0 {
		s.Say(o.First)
	}
	join := func() {
		if o.Wrap != nil {
			app = o.Wrap(app)
		}
		s.Join(newStreamApp(app))
	}
	if !o.Reach {
		join() // so that what it says at once goes along with the opening
		d.supply(s, v)
		return nil
	}
	d.supply(s, v)
	select {
	case err := <-v.opened:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		s.Reset(stream.CodeReset)
		return ctx.Err()
	}
	join()
	return nil
}
