// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestSource(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.7":         "192.0.2.7/32",
		"::ffff:192.0.2.7":  "192.0.2.7/32",
		"2001:db8:1:2:3::4": "2001:db8:1:2::/64",
		"2001:db8:1:2::9":   "2001:db8:1:2::/64",
		"fe80::1%eth0":      "fe80::/64",
	} {
		if got := Source(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("Source(%s) = %s, want %s", addr, got, want)
		}
	}
	if Source(netip.Addr{}).IsValid() {
		t.Error("no address is a source")
	}
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := NewThrottle[string](3, 10*time.Second)
		for i := range 3 {
			if before, wait := th.Take("a"); before != i || wait != 0 {
				t.Fatalf("try %d: %d before, wait %v", i, before, wait)
			}
		}
		if _, wait := th.Take("a"); wait != 10*time.Second {
			t.Errorf("over the burst: wait %v, want 10 s", wait)
		}
		if _, wait := th.Take("b"); wait != 0 {
			t.Errorf("someone else waits %v", wait)
		}
		time.Sleep(4 * time.Second)
		if _, wait := th.Take("a"); wait != 6*time.Second {
			t.Errorf("after 4 s: wait %v, want 6 s", wait)
		}
		th.Return("a")
		if _, wait := th.Take("a"); wait != 0 {
			t.Errorf("after one was given back: wait %v", wait)
		}
		time.Sleep(time.Hour)
		if before, wait := th.Take("a"); before != 0 || wait != 0 {
			t.Errorf("an hour later: %d before, wait %v", before, wait)
		}
		th.Return("c") // nothing was taken
		if before, _ := th.Take("c"); before != 0 {
			t.Errorf("giving nothing back counts: %d", before)
		}
	})
}

func TestThrottleIsBounded(t *testing.T) {
	th := NewThrottle[int](1, time.Hour)
	th.Take(-1)
	for i := range maxKeys {
		th.Take(i)
	}
	if n := th.keys.Len(); n != maxKeys {
		t.Errorf("%d keys, want %d", n, maxKeys)
	}
	if _, wait := th.Take(maxKeys - 1); wait == 0 {
		t.Error("the newest key was forgotten")
	}
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBackoff[string]()
		for i := range freeFailures {
			if wait := b.Try("a"); wait != 0 {
				t.Fatalf("failure %d waits %v", i, wait)
			}
		}
		for _, seconds := range []int{30, 60, 120, 240, 480, 900, 900} {
			want := time.Duration(seconds) * time.Second
			if wait := b.Try("a"); wait != want {
				t.Fatalf("wait %v, want %v", wait, want)
			}
			time.Sleep(want - time.Second)
			if wait := b.Try("a"); wait != time.Second { // tries that wait change nothing
				t.Fatalf("a second early: wait %v", wait)
			}
			time.Sleep(time.Second)
			if wait := b.Try("a"); wait != 0 {
				t.Fatalf("after %v: wait %v", want, wait)
			}
		}
		if wait := b.Try("b"); wait != 0 {
			t.Errorf("another key waits %v", wait)
		}
		time.Sleep(forgetAfter)
		if wait := b.Try("a"); wait != 0 || b.Try("a") != 0 {
			t.Errorf("an hour later: wait %v", wait)
		}
	})
}

func TestBackoffUndoAndForgive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBackoff[int]()
		for range 100 {
			if wait := b.Try(1); wait != 0 {
				t.Fatalf("undone tries count: wait %v", wait)
			}
			b.Undo(1)
		}
		for range freeFailures {
			b.Try(1)
		}
		if b.Try(1) == 0 {
			t.Fatal("no wait after the free failures")
		}
		b.Forgive(1)
		if wait := b.Try(1); wait != 0 {
			t.Errorf("forgiven, but wait %v", wait)
		}
	})
}
