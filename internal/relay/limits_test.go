// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"errors"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

func TestReplaces(t *testing.T) {
	w := newWorld(t, Limits{MaxChannelsPerSession: 1})
	p := w.park(1)
	old := w.good(wire.Open, "x")
	w.expect(p[0], goLine+"x")
	p = w.park(1)
	if got := w.refused(w.good(wire.Open, "")); got != wire.RefusedLimit {
		t.Error(got)
	}
	l, s := w.line(wire.Open)
	l.Replaces = 1
	w.send(append(l.Append(nil, s), 'y'))
	w.expect(p[0], goLine+"y")
	if _, err := old.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
}

func TestByteLimit(t *testing.T) {
	w := newWorld(t, Limits{})
	p := w.park(1)[0]
	v := w.good(wire.Open, "x")
	w.expect(p, goLine+"x")
	w.r.Configure(Limits{MaxBytesPerSession: 1001}) // holds for what is open
	_, _ = v.Write(make([]byte, 2000))
	n, err := io.Copy(io.Discard, p)
	if n > 1000 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%d bytes, %v", n, err)
	}
	w.until(func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.ended["s1"] == wire.CodeLimit
	})
	if st := w.session.Stats(); st.Up > 1001 {
		t.Errorf("%+v", st)
	}
}

// TestRates: a new rate holds for what is open, for a session and for a client.
func TestRates(t *testing.T) {
	for name, l := range map[string]Limits{"session": {SessionRate: 1 << 20}, "client": {ClientRate: 1 << 20}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Limits{})
			p := w.park(1)[0]
			v := w.good(wire.Open, "x")
			w.expect(p, goLine+"x")
			w.r.Configure(l)
			go func() {
				_, _ = v.Write(make([]byte, 2<<20))
				_ = v.CloseWrite()
			}()
			start := time.Now()
			n, err := io.Copy(io.Discard, p)
			if n != 2<<20 || err != nil {
				t.Fatalf("%d bytes, %v", n, err)
			}
			// One second's worth is the burst.
			if d := time.Since(start); d < 800*time.Millisecond || d > 5*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

func TestIdleTimeout(t *testing.T) {
	w := newWorld(t, Limits{})
	p := w.park(1)[0]
	v := w.good(wire.Open, "x")
	w.expect(p, goLine+"x")
	w.r.Configure(Limits{IdleTimeout: time.Second})
	if _, err := v.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Error("the channel:", err)
	}
	w.until(func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.ended["s1"] == wire.CodeTimeout
	})
}

func TestShed(t *testing.T) {
	w := newWorld(t, Limits{})
	w.park(8)
	w.r.Configure(Limits{MaxDescriptors: 6})
	w.good(wire.Park, "")
	w.until(func() bool { return w.provider.Parked() == 5 })
	if st := w.r.Stats(); st.Shed != 4 {
		t.Errorf("%+v", st)
	}
	w.r.Configure(Limits{MaxDescriptors: 1})
	w.until(func() bool {
		c := w.dial()
		code := w.refused(c)
		return code == wire.RefusedBusy
	})
}
