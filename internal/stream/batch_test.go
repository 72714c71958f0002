// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// bulkApp is an application that has said a lot already.
type bulkApp struct {
	*memApp
	left  int // chunks of the greatest size, of which the last is shorter by short
	short int
	tries int
}

func (a *bulkApp) Read(b []byte) (int, error) {
	if a.left == 0 {
		return a.memApp.Read(b) // as long as it lives
	}
	n := len(b)
	if n == maxData {
		if a.left--; a.left == 0 {
			n -= a.short
		}
	}
	return n, nil
}

// TryRead implements tryReader.
func (a *bulkApp) TryRead(b []byte) (int, error) {
	a.tries++
	if a.left == 0 {
		return 0, nil
	}
	return a.Read(b)
}

// flushes counts how often a path has something to send when it is told to.
type flushes struct {
	*wirePath
	fresh bool // the writer's
	count atomic.Int32
}

func (f *flushes) Write(b []byte) (int, error) {
	f.fresh = f.fresh || len(b) > 0
	return f.wirePath.Write(b)
}

func (f *flushes) Flush() error {
	if f.fresh {
		f.count.Add(1)
	}
	f.fresh = false
	return nil
}

// TestBulkGoesInPairs: what follows a chunk of the greatest size goes along with
// it, if it is there; and only then is it looked for.
func TestBulkGoesInPairs(t *testing.T) {
	hosts(t, func(t *testing.T) {
		const pairs = 10
		h := NewHost(Config{Instance: Instance{1}, MaxWindow: 16 << 20})
		t.Cleanup(h.Close)
		near, far := newWire(16 << 20)
		path := &flushes{wirePath: near}
		r := &raw{t: t, path: far, scan: scanner{path: far}, c: h.Serve(path, Peer{9}, true, nil)}
		r.say(frame{kind: kHello, version: version, instance: Instance{9}, n: 1 << 30})
		ours, theirs := newApp(1 << 20)
		app := &bulkApp{memApp: ours, left: 2 * pairs, short: 1}
		s := h.Open("a", app, nil)
		synctest.Wait()
		if err := s.Attach(r.c); err != nil {
			t.Fatal(err)
		}
		r.hear(kOpen)
		synctest.Wait()
		first := s.Info().Out // as much as every stream may
		before := path.count.Load()
		r.say(frame{kind: kAck, state: state{got: 0, written: first, limit: first + 16<<20}})
		synctest.Wait()
		if n := path.count.Load() - before; n > pairs+pairs/2 { // the first chunks are smaller
			t.Errorf("%d writes for %d pairs", n, pairs)
		}
		if s.Info().Out-first < (2*pairs-1)*maxData {
			t.Errorf("%d bytes were taken", s.Info().Out)
		}
		tries := app.tries
		_, _ = io.WriteString(theirs, "a few bytes")
		synctest.Wait()
		if app.tries != tries {
			t.Error("more is looked for behind a few bytes")
		}
		s.Reset(CodeReset)
	})
}
