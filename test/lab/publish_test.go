// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestPublished: what a client behind a NAT box publishes is a website for all
// who visit the gateway. Large files, WebSockets and gRPC get through, without the
// gateway's keeping what passes, and go on while the gateway is reloaded and the
// client changes its address again and again.
func TestPublished(t *testing.T) {
	r := newWebsite(t)
	t.Run("files", r.files)
	t.Run("chat", func(t *testing.T) {
		l := r.chat(t)
		for n := 1; n <= 1<<20; n *= 4 {
			sent := strings.Repeat("x", n)
			if err := l.send(sent); err != nil {
				t.Fatal(err)
			}
			if got, err := l.receive(); err != nil || got != sent {
				t.Fatalf("%d bytes come back of %d: %v", len(got), n, err)
			}
		}
		if err := l.end(0); err != nil {
			t.Error(err)
		}
	})
	t.Run("rpc", r.rpc)
	t.Run("faults", r.faults)
}

// files moves a large one each way.
func (r *website) files(t *testing.T) {
	n := size(256<<20, 10<<30)
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(size(1, 10))*time.Minute)
	defer cancel()
	if _, _, err := r.get(ctx, r.browser); err != nil { // so that what it needs at all is there
		t.Fatal(err)
	}
	before, peak := r.memory(), r.peak()
	began := time.Now()
	if err := r.download(ctx, n, func(body io.Reader) io.Reader { return body }); err != nil {
		t.Error("download: ", err)
	}
	down := time.Since(began)
	if err := r.upload(ctx, n, file(n)); err != nil {
		t.Error("upload: ", err)
	}
	up, most := time.Since(began)-down, peak()
	t.Logf("%d MiB down in %v, up in %v; the gateway has %d MiB, and at most %d MiB meanwhile",
		n>>20, down.Round(time.Millisecond), up.Round(time.Millisecond), before>>20, most>>20)
	if grown := most - before; before == 0 || grown > 64<<20 {
		t.Errorf("the gateway has grown by %d MiB", grown>>20)
	}
}

// rpc: messages go both ways, and what ends a stream comes in its trailers.
func (r *website) rpc(t *testing.T) {
	l := r.call(t)
	for _, sent := range []string{"one", strings.Repeat("x", 1<<20)} {
		if err := l.send(sent); err != nil {
			t.Fatal(err)
		}
		if got, err := l.receive(); err != nil || got != sent {
			t.Fatalf("%d bytes come back of %d: %v", len(got), len(sent), err)
		}
	}
	if err := l.send(rpcFail); err != nil {
		t.Fatal(err)
	}
	_, err := l.receive()
	if status.Code(err) != codes.DataLoss || status.Convert(err).Message() != rpcFail {
		t.Errorf("the stream ends with %v", err)
	}
	if err := l.counted(2); err != nil {
		t.Error(err)
	}
}

// faults leads all kinds of visits through them.
func (r *website) faults(t *testing.T) {
	seed := seedOf(t)
	o := ordeal{random: rand.New(rand.NewPCG(seed, 1))}
	deck := o.shuffled(map[string]int{reloaded: int(size(25, 50)), moved: int(size(10, 20))})
	v := r.visit(t)
	v.settle(t, "the beginning")
	longest := make(map[string]time.Duration)
	for _, kind := range deck {
		switch kind {
		case reloaded:
			r.reload(t)
		case moved:
			r.at.moves(t)
		}
		longest[kind] = max(longest[kind], v.settle(t, kind))
		time.Sleep(time.Duration(o.random.Int64N(size(300, 1000))) * time.Millisecond)
	}
	resumed := uint64(0)
	for _, s := range r.home.Status(t).Streams {
		resumed = max(resumed, s.Resumptions)
	}
	t.Logf("longest from a fault until all moves again: %v; a stream was resumed %d times; the gateway has %d MiB",
		longest, resumed, r.memory()>>20)
	if resumed < uint64(size(10, 20))/2 {
		t.Errorf("no stream was resumed more than %d times", resumed)
	}
	v.finish(t)
	if said := r.gw.Stderr.String(); strings.Contains(said, "panic") {
		t.Error("the gateway has panicked")
	}
}
