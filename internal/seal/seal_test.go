// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestRoundTrip(t *testing.T) {
	s, r := pair(t)
	for _, n := range []int{0, 1, 15, 16, 17, 64, 1200, 1366, 65507} {
		data := make([]byte, n)
		_, _ = rand.Read(data)
		b := seal(t, s, string(data), []byte{9})
		if len(b) != n+Overhead || n > 8 && bytes.Contains(b, data[:8]) {
			t.Errorf("%d bytes became %d, or can be read", n, len(b))
		}
		got, err := r.Open(b, []byte{9})
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestForged changes each bit, cuts everywhere, and adds: nothing comes out,
// and the real datagram still does.
func TestForged(t *testing.T) {
	s, r := pair(t)
	b := seal(t, s, "some words of the application", []byte{3})
	refuse := func(what string, forged, ad []byte) {
		t.Helper()
		if data, err := r.Open(forged, ad); err == nil || data != nil {
			t.Errorf("%s: got %q, %v", what, data, err)
		}
	}
	for i := range len(b) * 8 {
		forged := bytes.Clone(b)
		forged[i/8] ^= 1 << (i % 8)
		refuse(fmt.Sprintf("bit %d", i), forged, []byte{3})
	}
	for n := range b {
		refuse(fmt.Sprintf("cut to %d", n), bytes.Clone(b[:n]), []byte{3})
	}
	refuse("longer", append(bytes.Clone(b), 0), []byte{3})
	refuse("another flow's", bytes.Clone(b), []byte{4})
	refuse("no flow's", bytes.Clone(b), nil)
	back, _ := pair(t)
	back.id = s.id
	refuse("another key's of the same id", seal(t, back, "x", []byte{3}), []byte{3})
	if data, err := r.Open(b, []byte{3}); err != nil || string(data) != "some words of the application" {
		t.Errorf("the genuine one: %q, %v", data, err)
	}
}

func TestErrors(t *testing.T) {
	s, r := pair(t)
	other, _ := pair(t)
	genuine := seal(t, s, "x", nil)
	bad := bytes.Clone(genuine)
	bad[len(bad)-1]++
	for _, tc := range []struct {
		b    []byte
		want error
	}{
		{seal(t, other, "x", nil), ErrUnknownKey},
		{bad, ErrForged},
		{genuine[:Overhead-1], ErrForged},
		{bytes.Clone(genuine), nil},
		{bytes.Clone(genuine), ErrReplayed},
	} {
		if _, err := r.Open(tc.b, nil); !errors.Is(err, tc.want) {
			t.Errorf("got %v, want %v", err, tc.want)
		}
	}
	if _, err := (&Receiver{}).Open(genuine, nil); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("without any key: %v", err)
	}
}

// TestWindow compares the window with a set that forgets nothing.
func TestWindow(t *testing.T) {
	for seed := range uint64(20) {
		rng := mathrand.New(mathrand.NewPCG(seed, 1))
		var w window
		seen := make(map[uint64]bool)
		next, at := uint64(0), uint64(rng.IntN(1000))
		for range 20000 {
			switch rng.IntN(100) {
			case 0:
				at += rng.Uint64N(3 * windowSize) // a jump, over all words at times
			case 1:
				at += windowSize - 2 + rng.Uint64N(70)
			default:
				at++
			}
			n := at - min(at, rng.Uint64N(windowSize+100))
			if rng.IntN(2) == 0 {
				n = at
			}
			want := !seen[n] && (n >= next || next-n <= windowSize)
			if got := w.fresh(n); got != want {
				t.Fatalf("seed %d: %d is fresh: %v, want %v (next %d)", seed, n, got, want, next)
			}
			if want {
				w.note(n)
				seen[n], next = true, max(next, n+1)
			}
		}
	}
	if windowSize < 1024 {
		t.Error("too small")
	}
	var w window
	if w.note(counterLimit - 1); w.fresh(counterLimit) || w.fresh(counterLimit-1) || !w.fresh(counterLimit-2) {
		t.Error("wrong at the limit")
	}
}

// TestReordered: what comes late but within the window comes once.
func TestReordered(t *testing.T) {
	s, r := pair(t)
	all := make([][]byte, windowSize+1)
	for i := range all {
		all[i] = seal(t, s, fmt.Sprint(i), nil)
	}
	for _, i := range append([]int{windowSize}, mathrand.Perm(windowSize)...) {
		late := i == 0 // just behind the window
		data, err := r.Open(bytes.Clone(all[i]), nil)
		if late != errors.Is(err, ErrReplayed) || !late && string(data) != fmt.Sprint(i) {
			t.Fatalf("datagram %d: %q, %v", i, data, err)
		}
		if _, err := r.Open(all[i], nil); !errors.Is(err, ErrReplayed) {
			t.Fatalf("datagram %d again: %v", i, err)
		}
	}
}

// TestRenewal: datagrams of the last key are taken until a while after the new
// one is in use, and for as long as it is not.
func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, r := pair(t)
		k := testKey(t)
		r.Add(k)
		time.Sleep(10 * keepOld)
		open := func(s *Sender, want error) {
			t.Helper()
			if _, err := r.Open(seal(t, s, "x", nil), nil); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		}
		open(old, nil)
		fresh := NewSender(k)
		open(fresh, nil)
		time.Sleep(keepOld)
		open(fresh, nil) // does not begin the while anew
		open(old, nil)
		time.Sleep(time.Nanosecond)
		open(old, ErrUnknownKey)
		open(fresh, nil)
		r.Add(testKey(t))
		if n := len(r.all()); n != 2 {
			t.Errorf("%d keys are kept, want 2", n)
		}
		for range 2 * maxKeys {
			r.Add(testKey(t))
		}
		if n := len(r.all()); n != maxKeys {
			t.Errorf("%d keys are kept, want %d", n, maxKeys)
		}
		open(fresh, ErrUnknownKey)
	})
}

// TestLimit: a sender whose counters are used up refuses for good.
func TestLimit(t *testing.T) {
	s, r := pair(t)
	if s.Worn() {
		t.Error("a new key is worn")
	}
	s.counter.Store(wornAt)
	if !s.Worn() {
		t.Error("the key is not worn")
	}
	s.counter.Store(counterLimit - 1)
	if _, err := r.Open(seal(t, s, "the last", nil), nil); err != nil {
		t.Error(err)
	}
	for range 3 {
		if b, err := s.Seal([]byte("x"), []byte("secret"), nil); !errors.Is(err, ErrUsedUp) || string(b) != "x" {
			t.Errorf("%q, %v", b, err)
		}
	}
}

// TestManyGoroutines: counters are used once each.
func TestManyGoroutines(t *testing.T) {
	const workers, each = 8, 200
	s, r := pair(t)
	out := make(chan []byte, workers*each)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range each {
				out <- seal(t, s, "x", nil)
			}
		})
	}
	all.Wait()
	close(out)
	var bad sync.Map
	for range workers {
		all.Go(func() {
			for b := range out {
				if _, err := r.Open(b, nil); err != nil {
					bad.Store(err.Error(), true)
				}
			}
		})
	}
	all.Wait()
	bad.Range(func(err, _ any) bool { t.Error(err); return true })
}

// TestNoAllocation: sealing and opening cost the heap nothing.
func TestNoAllocation(t *testing.T) {
	s, r := pair(t)
	r.Add(testKey(t)) // the sender's is not the newest
	data := make([]byte, 1200)
	b := make([]byte, 1, 1+len(data)+Overhead)
	forged := make([]byte, 100)
	if n := testing.AllocsPerRun(1000, func() {
		sealed, err := s.Seal(b, data, b[:1])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Open(sealed[1:], b[:1]); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Open(forged, b[:1]); err == nil {
			t.Fatal("opened")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzOpen: nothing that the sender has not made is opened.
func FuzzOpen(f *testing.F) {
	var k Key
	s := NewSender(k)
	genuine, err := s.Seal(nil, []byte("genuine"), []byte{1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(genuine, []byte{1})
	f.Add(genuine[:Overhead], []byte{1})
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, b, ad []byte) {
		var r Receiver
		r.Add(k)
		mine := bytes.Equal(b, genuine) && bytes.Equal(ad, []byte{1})
		data, err := r.Open(bytes.Clone(b), ad)
		if mine != (err == nil) || mine && string(data) != "genuine" || !mine && data != nil {
			t.Errorf("%x with %x: %q, %v", b, ad, data, err)
		}
	})
}

func benchmark(b *testing.B, f func(b *testing.B, s *Sender, r *Receiver, data []byte)) {
	for _, n := range []int{64, 1200} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, r := pair(b)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			f(b, s, r, make([]byte, n))
		})
	}
}

func BenchmarkSeal(b *testing.B) {
	benchmark(b, func(b *testing.B, s *Sender, _ *Receiver, data []byte) {
		buf := make([]byte, 0, len(data)+Overhead)
		for b.Loop() {
			_, _ = s.Seal(buf, data, data[:1])
		}
	})
}

// BenchmarkBoth seals and opens: what a datagram costs its two ends together.
func BenchmarkBoth(b *testing.B) {
	benchmark(b, func(b *testing.B, s *Sender, r *Receiver, data []byte) {
		buf := make([]byte, 0, len(data)+Overhead)
		for b.Loop() {
			sealed, _ := s.Seal(buf, data, data[:1])
			if _, err := r.Open(sealed, data[:1]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
