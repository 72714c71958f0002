// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// TestJoin: a visitor's whole connection is the channel, behind what is said for it;
// and when it is over, it is known whether the provider has said anything.
func TestJoin(t *testing.T) {
	for name, tc := range map[string]struct {
		play func(w *world, visitor, provider *net.TCPConn)
		mute bool
	}{
		"a talk": {func(w *world, v, p *net.TCPConn) {
			_, _ = p.Write([]byte("welcome"))
			w.expect(v, "welcome")
			_, _ = v.CloseWrite(), p.CloseWrite()
			if rest, err := io.ReadAll(v); err != nil || len(rest) > 0 {
				w.t.Errorf("%q, %v", rest, err)
			}
		}, false},
		"a talk that breaks off": {func(w *world, v, p *net.TCPConn) {
			_, _ = p.Write([]byte("welcome"))
			w.expect(v, "welcome")
			_ = errors.Join(p.SetLinger(0), p.Close())
		}, false},
		"a provider that only ends": {func(w *world, v, p *net.TCPConn) {
			_, _ = v.CloseWrite(), p.CloseWrite()
			if rest, err := io.ReadAll(v); err != nil || len(rest) > 0 {
				w.t.Errorf("%q, %v", rest, err)
			}
		}, false},
		"a provider that breaks off": {func(_ *world, _, p *net.TCPConn) {
			_ = errors.Join(p.SetLinger(0), p.Close())
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Limits{})
			provider := w.park(1)[0]
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			app, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer app.Close()
			_ = app.SetDeadline(time.Now().Add(20 * time.Second))
			nc, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			l, _ := w.line(wire.Open)
			over := make(chan bool, 1)
			if err := w.r.Join(t.Context(), l, splice.TCP(nc.(*net.TCPConn)), []byte("first "), func(mute bool) { over <- mute }); err != nil {
				t.Fatal(err)
			}
			if _, err := app.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			w.expect(provider, goLine+"first hello")
			w.until(func() bool { return w.session.Stats().Up == uint64(len("first hello")) })
			tc.play(w, app.(*net.TCPConn), provider)
			select {
			case mute := <-over:
				if mute != tc.mute {
					t.Errorf("it was mute: %t", mute)
				}
			case <-time.After(20 * time.Second):
				t.Error("it is not over")
			}
			if st := w.session.Stats(); st.Channels != 0 {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestJoinRefused: the visitor is still the caller's.
func TestJoinRefused(t *testing.T) {
	w := newWorld(t, Limits{})
	near, far := net.Pipe()
	defer near.Close()
	l, _ := w.line(wire.Open)
	l.Session = "s2"
	err := w.r.Join(t.Context(), l, &pipeConn{far}, nil, func(bool) { t.Error("it is over, and never began") })
	if no, ok := errors.AsType[*wire.Refusal](err); !ok || no.Code != wire.RefusedDenied {
		t.Errorf("%v", err)
	}
	go func() { _, _ = far.Write([]byte("x")) }()
	w.expect(near, "x")
}
