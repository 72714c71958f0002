// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package refrelay

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

// agent is either end of the tunnel.
type agent struct {
	move  func(dst, src *net.TCPConn)
	relay string
	pool  int
}

// provide keeps parked connections at the relay and answers those for whom
// none was left.
func (a *agent) provide(ctx context.Context, to string) error {
	control, err := dial(ctx, a.relay)
	if err != nil {
		return fmt.Errorf("dialing the relay: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = control.Close() })
	defer stop()
	if _, err := control.Write([]byte{kindControl}); err != nil {
		return err
	}
	for range a.pool {
		go a.park(ctx, to)
	}
	for {
		var want id
		if _, err := io.ReadFull(control, want[:]); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("reading from the relay: %w", err)
		}
		go a.answer(ctx, want, to)
	}
}

// park keeps one spare connection at the relay; when it is taken, the next
// replaces it.
func (a *agent) park(ctx context.Context, to string) {
	for ctx.Err() == nil {
		c, err := a.open(ctx, []byte{kindParked})
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		var woken [1]byte
		if _, err := io.ReadFull(c, woken[:]); err != nil {
			_ = c.Close()
			continue
		}
		go a.serve(ctx, c, to)
	}
}

func (a *agent) answer(ctx context.Context, want id, to string) {
	c, err := a.open(ctx, append([]byte{kindWork}, want[:]...))
	if err != nil {
		return // the visitor waits: this is a yardstick
	}
	a.serve(ctx, c, to)
}

func (a *agent) serve(ctx context.Context, c *net.TCPConn, to string) {
	service, err := dial(ctx, to)
	if err != nil {
		_ = c.Close()
		return
	}
	join(service, c, a.move)
}

// visit listens for applications and opens a connection at the relay for each.
func (a *agent) visit(ctx context.Context, listen string) error {
	spares := make(chan *net.TCPConn, a.pool+1)
	want := make(chan struct{}, a.pool+1)
	for range a.pool {
		want <- struct{}{}
		go func() {
			for range want {
				if c, err := a.open(ctx, []byte{kindSpare}); err == nil {
					spares <- c
				}
			}
		}()
	}
	return accept(ctx, listen, func(app *net.TCPConn) {
		var up *net.TCPConn
		var err error
		select {
		case up = <-spares:
			want <- struct{}{}
			_, err = up.Write(wake)
		default:
			up, err = a.open(ctx, []byte{kindVisit})
		}
		if err != nil {
			_ = app.Close()
			return
		}
		join(up, app, a.move)
	})
}

// open opens a connection to the relay and sends what it begins with.
func (a *agent) open(ctx context.Context, first []byte) (*net.TCPConn, error) {
	c, err := dial(ctx, a.relay)
	if err != nil {
		return nil, err
	}
	if _, err := c.Write(first); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func dial(ctx context.Context, addr string) (*net.TCPConn, error) {
	d := net.Dialer{KeepAlive: -1}
	c, err := d.DialContext(ctx, "tcp4", addr)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil // of the network that was asked for
}
