// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"errors"
	"io"
	"sync"
	"syscall"
	"testing"
	"time"
)

// meterFunc is a meter for tests.
type meterFunc struct {
	mu      sync.Mutex
	allow   func(n int) (int, time.Duration)
	granted int
	moved   [2]int
	idle    time.Duration
}

func (m *meterFunc) Allow(n int) (int, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, wait := m.allow(n)
	m.granted += n
	return n, wait
}

func (m *meterFunc) GiveBack(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.granted -= n
}

func (m *meterFunc) Moved(n, d int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.moved[d] += n
}

func (m *meterFunc) Idle() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.idle
}

func TestQuota(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		const quota = 3_000_001
		me := &meterFunc{}
		me.allow = func(n int) (int, time.Duration) { return min(n, quota-me.granted), 0 }
		c := join(t, m, Options{Meter: me})
		go func() { _, _ = c.a.Write(make([]byte, 10<<20)) }()
		n, err := io.Copy(io.Discard, c.b)
		if n > quota || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%d bytes, %v", n, err)
		}
		if err := c.end(t); !errors.Is(err, ErrQuota) {
			t.Error(err)
		}
		if me.granted != quota || me.moved[Forward] > quota {
			t.Errorf("granted %d, moved %d", me.granted, me.moved[Forward])
		}
	})
}

// TestThrottle: what the meter holds waits, loses nothing, and goes on.
func TestThrottle(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		me := &meterFunc{}
		var last time.Time
		held := 0
		me.allow = func(n int) (int, time.Duration) {
			if time.Since(last) < 10*time.Millisecond {
				held++
				return 0, 10 * time.Millisecond
			}
			last = time.Now()
			return min(n, 10_000), 0
		}
		c := join(t, m, Options{Meter: me})
		go func() {
			_, _ = c.a.Write(make([]byte, 200_000))
			_ = c.a.CloseWrite()
		}()
		start := time.Now()
		n, err := io.Copy(io.Discard, c.b)
		if n != 200_000 || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		me.mu.Lock()
		defer me.mu.Unlock()
		if d := time.Since(start); d < 150*time.Millisecond || held == 0 {
			t.Errorf("it took %v, held %d times", d, held)
		}
	})
}

func TestIdle(t *testing.T) {
	each(t, func(t *testing.T, m *Mover) {
		me := &meterFunc{allow: func(n int) (int, time.Duration) { return n, 0 }}
		c := join(t, m, Options{Meter: me})
		_, _ = c.a.Write([]byte("x"))
		_, _ = c.b.Read(make([]byte, 1))
		select {
		case err := <-c.err:
			t.Fatalf("ended without a limit: %v", err)
		case <-time.After(1500 * time.Millisecond):
		}
		me.mu.Lock()
		me.idle = time.Second // holds at once, for what is open
		me.mu.Unlock()
		if err := c.end(t); !errors.Is(err, ErrIdle) {
			t.Error(err)
		}
		if _, err := c.a.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the application sees %v", err)
		}
	})
}
