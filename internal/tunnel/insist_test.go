// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// closes counts the connections that were closed.
type closes struct {
	net.Conn
	count *atomic.Int32
}

func (c closes) Close() error {
	c.count.Add(1)
	return nil
}

// TestInsist: lost SYNs cost half a second, refusals are told at once, and of
// several connections one stays.
func TestInsist(t *testing.T) {
	refused := errors.New("refused")
	for _, tc := range []struct {
		name  string
		takes []time.Duration // of the dials; negative: refused after it
		after time.Duration
		err   error
	}{
		{"at once", []time.Duration{0}, 0, nil},
		{"refused", []time.Duration{-time.Millisecond}, time.Millisecond, refused},
		{"the first SYN was lost", []time.Duration{time.Hour, 0}, insistEach, nil},
		{"it was long only", []time.Duration{insistEach + time.Millisecond, insistEach - time.Millisecond}, insistEach + time.Millisecond, nil},
		{"nothing goes through", []time.Duration{time.Hour, time.Hour, time.Hour, time.Hour, time.Hour, time.Hour}, 4 * time.Second, context.DeadlineExceeded},
		{"the second is refused", []time.Duration{time.Second, -time.Millisecond, time.Hour}, time.Second, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
				defer cancel()
				var dials, open, closed atomic.Int32
				begun := time.Now()
				nc, err := insist(ctx, func(ctx context.Context) (net.Conn, error) {
					takes := tc.takes[dials.Add(1)-1]
					select {
					case <-time.After(max(takes, -takes)):
						if takes < 0 {
							return nil, refused
						}
						open.Add(1)
						return closes{count: &closed}, nil
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				})
				if took := time.Since(begun); took != tc.after || !errors.Is(err, tc.err) || (nc == nil) != (err != nil) {
					t.Errorf("%v, %v after %v; want %v after %v", nc, err, took, tc.err, tc.after)
				}
				if left := open.Load() - closed.Load(); left > 1 || left == 1 != (err == nil) {
					t.Errorf("%d connections opened, %d closed", open.Load(), closed.Load())
				}
			})
		})
	}
}
