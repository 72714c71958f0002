// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// typing is the time between the messages of a talk.
const typing = 50 * time.Millisecond

// visits are all that a visitor does at the same time.
type visits struct {
	*website
	stop    chan struct{}
	running sync.WaitGroup
	all     []*visit
}

// visit is one of them.
type visit struct {
	name   string
	newest atomic.Int64 // when what last got through had begun, ns since 1970
	// The goroutine's.
	count   int           // what got through
	again   int           // requests that were repeated
	slowest time.Duration // to get through
	failed  atomic.Pointer[error]
}

func (v *visit) through(began time.Time) {
	v.newest.Store(began.UnixNano())
	v.count++
	v.slowest = max(v.slowest, time.Since(began))
}

// visit begins all kinds.
func (r *website) visit(t *testing.T) *visits {
	t.Helper()
	v := &visits{website: r, stop: make(chan struct{})}
	// Both are not through before the end.
	long := size(128<<20, 1<<30)
	v.begin("download", func(one *visit) error {
		return r.download(t.Context(), long, func(body io.Reader) io.Reader { return paced{v, one, body} })
	})
	v.begin("upload", func(one *visit) error { return r.upload(t.Context(), long, paced{v, one, file(long)}) })
	for name, browser := range map[string]*http.Client{
		"HTTP/1.1 on fresh connections": r.newBrowser(t, false, false),
		"HTTP/1.1 on kept connections":  r.newBrowser(t, true, false),
		"HTTP/2":                        r.newBrowser(t, true, true),
	} {
		v.begin(name, func(one *visit) error { return v.request(t.Context(), one, browser) })
	}
	for name, l := range map[string]talk{"WebSocket": r.chat(t), "gRPC": r.call(t)} {
		v.begin(name, func(one *visit) error { return v.talk(one, l) })
	}
	return v
}

func (v *visits) begin(name string, do func(*visit) error) {
	one := &visit{name: name}
	v.all = append(v.all, one)
	v.running.Go(func() {
		if err := do(one); err != nil {
			one.failed.Store(&err)
		}
	})
}

// settle waits until on each visit something got through that has begun after this
// moment, and returns how long that took.
func (v *visits) settle(t *testing.T, after string) time.Duration {
	t.Helper()
	const patience = 40 * time.Second
	since := time.Now()
	for _, one := range v.all {
		for one.newest.Load() <= since.UnixNano() {
			if err := one.failed.Load(); err != nil {
				t.Fatalf("%s has failed %v after %s: %v", one.name, time.Since(since), after, *err)
			}
			if time.Since(since) > patience {
				t.Fatalf("not within %v: %s goes on after %s\n%+v", patience, one.name, after, v.home.Status(t).Streams)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return time.Since(since).Round(time.Millisecond)
}

// finish has all visits come to their ends.
func (v *visits) finish(t *testing.T) {
	t.Helper()
	close(v.stop)
	done := make(chan struct{})
	go func() {
		defer close(done)
		v.running.Wait()
	}()
	select {
	case <-done:
	case <-time.After(time.Duration(size(1, 3)) * time.Minute):
		t.Fatal("not all has come to its end")
	}
	for _, one := range v.all {
		if err := one.failed.Load(); err != nil {
			t.Errorf("%s: %v", one.name, *err)
		}
		t.Logf("%s: %d got through, the slowest within %v; %d were asked for once more",
			one.name, one.count, one.slowest.Round(time.Millisecond), one.again)
	}
}

// over waits for the next piece, unless the end has come.
func (v *visits) over() bool {
	select {
	case <-v.stop:
		return true
	case <-time.After(typing):
		return false
	}
}

// paced hands out bytes in pieces until the end, and then what is left at once.
type paced struct {
	*visits
	one *visit
	io.Reader
}

func (p paced) Read(b []byte) (int, error) {
	began := time.Now()
	if !p.over() {
		b = b[:min(len(b), 32<<10)]
	}
	n, err := p.Reader.Read(b)
	if n > 0 {
		p.one.through(began)
	}
	return n, err
}

// request asks for small files, one after the other.
func (v *visits) request(ctx context.Context, one *visit, browser *http.Client) error {
	for !v.over() {
		began := time.Now()
		_, again, err := v.get(ctx, browser)
		if err != nil {
			return fmt.Errorf("request %d, after %v: %w", one.count, time.Since(began), err)
		}
		if again {
			one.again++
		}
		one.through(began)
	}
	return nil
}

// talk sends numbered messages, each of which has to come back in its place.
func (v *visits) talk(one *visit, l talk) error {
	sending := make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			last := v.over()
			err := l.send(fmt.Sprintf("%d %d %t", n, time.Now().UnixNano(), last))
			if err != nil || last {
				sending <- err
				return
			}
		}
	}()
	for last := false; !last; {
		message, err := l.receive()
		if err != nil {
			return fmt.Errorf("after %d messages: %w", one.count, err)
		}
		var n int
		var began int64
		if _, err := fmt.Sscan(message, &n, &began, &last); err != nil || n != one.count {
			return fmt.Errorf("message %d is %q", one.count, message)
		}
		one.through(time.Unix(0, began))
	}
	if err := <-sending; err != nil {
		return err
	}
	return l.end(one.count)
}
