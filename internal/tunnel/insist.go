// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"net"
	"time"
)

const (
	// insistEach is how long a dial is waited for before another is begun beside
	// it, and insistMost how many there are at most: a SYN that was lost is
	// repeated after 1, 3 and 7 s only, and where nothing went through for a while
	// the next one is to come soon (rules S13).
	insistEach = 500 * time.Millisecond
	insistMost = 6
)

// insist dials until one dial succeeds, all have failed, or ctx ends. It returns
// when no dial is under way any more. It is for signing in alone: channels are
// tried side by side anyway (seeker), and each would multiply.
func insist(ctx context.Context, dial func(context.Context) (net.Conn, error)) (net.Conn, error) {
	type outcome struct {
		nc  net.Conn
		err error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan outcome)
	begun, ended := 0, 0
	begin := func() {
		begun++
		go func() {
			nc, err := dial(ctx)
			done <- outcome{nc, err}
		}()
	}
	begin()
	again := time.NewTicker(insistEach)
	defer again.Stop()
	var first outcome
	for ended < begun {
		select {
		case <-again.C:
			if begun < insistMost && first.nc == nil && ctx.Err() == nil {
				begin()
			}
		case o := <-done:
			ended++
			switch {
			case first.nc == nil && (o.err == nil || first.err == nil):
				first = o
			case o.err == nil:
				_ = o.nc.Close() // one is enough
			}
			if first.nc != nil {
				cancel()
			}
		}
	}
	return first.nc, first.err
}
