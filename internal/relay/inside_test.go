// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// inside opens a channel without a connection of the visitor's.
func (w *world) inside() *Inside {
	w.t.Helper()
	l, _ := w.line(wire.Open)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	in, err := w.r.Open(ctx, l)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = in.Conn.SetDeadline(time.Now().Add(20 * time.Second))
	return in
}

// refusedInside is refused for a channel without a connection.
func (w *world) refusedInside(ctx context.Context, l wire.Line) string {
	w.t.Helper()
	in, err := w.r.Open(ctx, l)
	no, ok := errors.AsType[*wire.Refusal](err)
	switch {
	case err == nil:
		in.Reset()
		return "no refusal"
	case !ok || in != nil:
		return err.Error()
	}
	return no.Code
}

func (w *world) asked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wanted
}

// TestInside: the provider's own connection is handed out behind the go line,
// and nothing of the relay's is in it.
func TestInside(t *testing.T) {
	w := newWorld(t, Limits{})
	w.session.spec.Mode = wire.ModeTLS
	p := w.park(1)[0]
	in := w.inside()
	if n := w.provider.Parked(); n != 0 {
		t.Errorf("%d are left of one", n)
	}
	w.expect(p, "GO s1 web tcp tls\n")
	if _, err := in.Conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	w.expect(p, "hello")
	_, _ = p.Write([]byte("welcome"))
	w.expect(in.Conn, "welcome")

	if err := errors.Join(in.Spend(5, splice.Forward), in.Spend(7, splice.Backward), in.Spend(2, splice.Backward)); err != nil {
		t.Error(err)
	}
	if st := w.session.Stats(); st.Up != 5 || st.Down != 9 || st.Channels != 1 || st.Opened != 1 {
		t.Errorf("%+v", st)
	}
	if st := w.r.Stats(); st.BytesUp != 5 || st.BytesDown != 9 || st.Linked != 1 || st.Opened != 1 {
		t.Errorf("%+v", st)
	}

	// Its owner closes it and says so; that is the end for the relay too.
	_ = in.Conn.Close()
	in.Left()
	in.Left()
	in.Reset()
	if b, err := io.ReadAll(p); err != nil || len(b) > 0 {
		t.Errorf("%q, %v", b, err)
	}
	if st := w.session.Stats(); st.Up != 5 || st.Down != 9 || st.Channels != 0 || st.Opened != 1 {
		t.Errorf("after the end: %+v", st)
	}
	if st := w.r.Stats(); st.Linked != 0 {
		t.Errorf("after the end: %+v", st)
	}
}

func TestInsideRefusals(t *testing.T) {
	w := newWorld(t, Limits{MaxChannelsPerSession: 1})
	w.park(1)
	other := wire.NewKey()
	w.addSession("s2", other)
	change := func(f func(*wire.Line)) wire.Line {
		l, _ := w.line(wire.Open)
		f(&l)
		return l
	}
	used := change(func(*wire.Line) {})
	in, err := w.r.Open(t.Context(), used)
	if err != nil {
		t.Fatal(err)
	}
	before := w.r.Stats()
	for _, tc := range []struct {
		name, want string
		line       wire.Line
	}{
		{"unknown key", wire.RefusedDenied, change(func(l *wire.Line) { l.Key = wire.NewKey().ID })},
		{"another session's id", wire.RefusedDenied, change(func(l *wire.Line) { l.Session = "s2" })},
		{"the session id with another's key", wire.RefusedDenied, change(func(l *wire.Line) { l.Key = other.ID })},
		{"other protocol", wire.RefusedDenied, change(func(l *wire.Line) { l.Protocol = wire.UDP })},
		{"a client's key", wire.RefusedDenied, change(func(l *wire.Line) { l.Key = w.parkKey.ID })},
		{"replayed", wire.RefusedDenied, used},
		{"one too many", wire.RefusedLimit, change(func(*wire.Line) {})},
	} {
		if got := w.refusedInside(t.Context(), tc.line); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	st := w.r.Stats()
	if n := st.Refused[wire.RefusedDenied] - before.Refused[wire.RefusedDenied]; n != 6 || st.Refused[wire.RefusedLimit] != 1 {
		t.Errorf("counted: %v", st.Refused)
	}
	// The place is free once the first has gone.
	in.Reset()
	w.park(1)
	w.inside().Reset()
	if got := w.refusedInside(t.Context(), used); got != wire.RefusedDenied {
		t.Errorf("replayed, when there is room: %s", got)
	}
	// A counter far ahead makes old ones stale.
	w.park(1)
	in, err = w.r.Open(t.Context(), change(func(l *wire.Line) { l.Counter = 1 << 20 }))
	if err != nil {
		t.Fatal(err)
	}
	if got := w.refusedInside(t.Context(), change(func(*wire.Line) {})); got != wire.RefusedStale {
		t.Errorf("an old counter: %s", got)
	}
	in.Reset()
	w.session.Close()
	if got := w.refusedInside(t.Context(), change(func(l *wire.Line) { l.Counter = 1<<20 + 1 })); got != wire.RefusedDenied {
		t.Errorf("after the end: %s", got)
	}
}

// TestInsideWaits: without a parked channel the provider is asked for one, in
// turn with visitors that have connections.
func TestInsideWaits(t *testing.T) {
	w := newWorld(t, Limits{})
	opened := make(chan *Inside, 1)
	go func() { opened <- w.inside() }()
	w.until(func() bool { return w.asked() == 1 })
	v := w.good(wire.Open, "x")
	w.until(func() bool { return w.asked() == 2 })
	first := w.good(wire.Park, "")
	in := <-opened
	w.expect(first, goLine)
	w.expect(w.good(wire.Park, ""), goLine+"x")
	_ = v.Close()
	in.Reset()
	w.reset("the provider's end", first)
}

// TestInsideGivesUp: who does not wait any more is not given what comes later,
// and takes no place in the session.
func TestInsideGivesUp(t *testing.T) {
	w := newWorld(t, Limits{MaxChannelsPerSession: 1})
	open := func(ctx context.Context) <-chan string {
		l, _ := w.line(wire.Open)
		code := make(chan string, 1)
		before := w.asked()
		go func() { code <- w.refusedInside(ctx, l) }()
		w.until(func() bool { return w.asked() > before })
		w.mu.Lock()
		w.wanted = 0
		w.mu.Unlock()
		return code
	}
	ctx, cancel := context.WithCancel(t.Context())
	code := open(ctx)
	cancel()
	if got := <-code; got != wire.RefusedOffline {
		t.Error(got)
	}
	if st := w.session.Stats(); st.Channels != 0 || st.Opened != 0 {
		t.Errorf("%+v", st)
	}
	p := w.park(1)[0] // nobody waits any more
	in := w.inside()
	w.expect(p, goLine)
	in.Reset()

	// A session that ends meanwhile gets none of what its provider parks.
	code = open(t.Context())
	w.session.Close()
	if _, err := io.ReadAll(w.good(wire.Park, "")); !errors.Is(err, syscall.ECONNRESET) {
		t.Error("parked for a session that has ended:", err)
	}
	if got := <-code; got != wire.RefusedClosed {
		t.Errorf("a session that has ended: %s", got)
	}

	// Nor is a provider waited for that has gone.
	w.session = w.addSession("s1", w.openKey)
	code = open(t.Context())
	w.provider.Close()
	if got := <-code; got != wire.RefusedOffline {
		t.Errorf("a provider that has gone: %s", got)
	}
	l, _ := w.line(wire.Open)
	if got := w.refusedInside(t.Context(), l); got != wire.RefusedOffline {
		t.Errorf("one that had gone before: %s", got)
	}
}

// TestInsideAtTheEnd: the relay's end is everybody's.
func TestInsideAtTheEnd(t *testing.T) {
	w := newWorld(t, Limits{})
	p := w.park(1)[0]
	w.inside()
	w.expect(p, goLine)
	l, _ := w.line(wire.Open)
	code := make(chan string, 1)
	go func() { code <- w.refusedInside(t.Context(), l) }()
	w.until(func() bool { return w.asked() == 1 })
	if err := w.r.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := <-code; got != wire.RefusedOffline {
		t.Error(got)
	}
	w.reset("the provider's end", p)
	l, _ = w.line(wire.Open)
	if got := w.refusedInside(t.Context(), l); got != wire.RefusedDenied {
		t.Errorf("after it: %s", got)
	}
}

// TestInsideQuota: a session that may carry no more ends, with all its channels,
// for both its users to know.
func TestInsideQuota(t *testing.T) {
	w := newWorld(t, Limits{MaxBytesPerSession: 100})
	p := w.park(2)
	in, other := w.inside(), w.inside()
	if err := in.Spend(60, splice.Forward); err != nil {
		t.Fatal(err)
	}
	if err := other.Spend(40, splice.Backward); err != nil {
		t.Fatal("exactly what is allowed:", err)
	}
	if len(w.ended) > 0 {
		t.Error("a session has ended that has carried what it may")
	}
	for range 2 {
		if err := in.Spend(1, splice.Forward); !errors.Is(err, splice.ErrQuota) {
			t.Error(err)
		}
	}
	for _, c := range p {
		w.expect(c, goLine)
		w.reset("a channel", c)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if st := w.session.Stats(); st.Up != 60 || st.Down != 40 || st.Channels != 0 || w.ended["s1"] != wire.CodeLimit {
		t.Errorf("%+v, ended with %q", st, w.ended["s1"])
	}
}

// TestInsideRate: bytes that come too fast hold the caller up, until the session
// ends.
func TestInsideRate(t *testing.T) {
	w := newWorld(t, Limits{SessionRate: 1 << 20})
	w.park(1)
	in := w.inside()
	start := time.Now()
	if err := in.Spend(3<<19, splice.Forward); err != nil { // one second's worth is the burst
		t.Fatal(err)
	}
	if d := time.Since(start); d < 400*time.Millisecond || d > 5*time.Second {
		t.Errorf("held up for %v", d)
	}
	held := make(chan error, 1)
	go func() { held <- in.Spend(1<<30, splice.Forward) }()
	time.Sleep(50 * time.Millisecond)
	w.session.Close()
	select {
	case err := <-held:
		if !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("held up after the session's end")
	}
	if st := w.session.Stats(); st.Up != 3<<19 {
		t.Errorf("%+v", st)
	}
}

func TestInsideSessionClose(t *testing.T) {
	w := newWorld(t, Limits{})
	p := w.park(1)[0]
	in := w.inside()
	w.expect(p, goLine)
	w.session.Close()
	w.reset("the provider's end", p)
	if _, err := in.Conn.Write([]byte("x")); err == nil {
		t.Error("a channel of a session that has ended carries something")
	}
	in.Left() // as its owner says when it sees that
	if st := w.session.Stats(); st.Channels != 0 || len(w.ended) != 0 {
		t.Errorf("%+v, %v", st, w.ended)
	}
}

// TestInsideIdle: a channel over which nothing moves is reset, others are not.
func TestInsideIdle(t *testing.T) {
	w := newWorld(t, Limits{})
	begin := func() (*Inside, net.Conn) {
		p := w.park(1)[0]
		in := w.inside()
		w.expect(p, goLine)
		return in, p
	}
	first, _ := begin()
	second, p := begin()
	w.r.Configure(Limits{IdleTimeout: time.Second})
	for start := time.Now(); w.session.Stats().Channels == 2; time.Sleep(20 * time.Millisecond) {
		if err := second.Spend(1, splice.Backward); err != nil {
			t.Fatal(err)
		}
		if time.Since(start) > 10*time.Second {
			t.Fatal("an idle channel stays")
		}
	}
	if _, err := first.Conn.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Error("the idle one:", err)
	}
	if _, err := second.Conn.Write([]byte("x")); err != nil {
		t.Error("the busy one:", err)
	}
	w.expect(p, "x")
	// And the session too, when nothing is left.
	w.until(func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.ended["s1"] == wire.CodeTimeout
	})
	w.reset("the busy one, at last", p)
}

// TestInsideBlocked: a provider whose address is blocked is parted from, and
// what it had parked is of no use.
func TestInsideBlocked(t *testing.T) {
	w := newWorld(t, Limits{})
	behind := func() net.Conn {
		t.Helper()
		near, far := net.Pipe()
		w.r.ServeChannel(&pipeConn{far}, badAddr)
		l, s := w.line(wire.Park)
		before := w.provider.Parked()
		_, _ = near.Write(l.Append(nil, s))
		w.until(func() bool { return w.provider.Parked() == before+1 })
		_ = near.SetDeadline(time.Now().Add(20 * time.Second))
		return near
	}
	gone := func(c net.Conn) {
		t.Helper()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	}
	begin := func(c net.Conn, want string) {
		t.Helper()
		heard := make(chan struct{})
		go func() { w.expect(c, goLine); close(heard) }() // a pipe holds nothing
		l, _ := w.line(wire.Open)
		in, err := w.r.Open(t.Context(), l)
		<-heard
		if no, _ := errors.AsType[*wire.Refusal](err); want != "" {
			if no == nil || no.Code != want {
				t.Errorf("%v, want %s", err, want)
			}
			return
		}
		if err != nil || splice.Peer(in.Conn) != badAddr {
			t.Errorf("%v", err)
		}
	}
	open := behind()
	begin(open, "")
	parked := behind()
	w.r.SetBlocked(isBad) // and what it had parked a moment ago is not looked for yet
	begin(parked, wire.RefusedClosed)
	gone(parked)
	w.r.CloseAddr(isBad)
	gone(open)
	if st := w.session.Stats(); st.Channels != 0 {
		t.Errorf("%+v", st)
	}
	// Others are let alone.
	honest := w.park(1)[0]
	w.inside()
	w.expect(honest, goLine)
	w.r.CloseAddr(func(a netip.Addr) bool { return a == badAddr })
	if st := w.session.Stats(); st.Channels != 1 {
		t.Errorf("%+v", st)
	}
}
