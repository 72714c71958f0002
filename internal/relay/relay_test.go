// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// world is a relay with one provider and one visitor of one session.
type world struct {
	t        testing.TB
	r        *Relay
	addr     string
	provider *Client
	visitor  *Client
	parkKey  wire.Key
	session  *Session
	openKey  wire.Key

	mu      sync.Mutex // guards the fields below
	counter map[wire.KeyID]uint64
	wanted  int
	ended   map[string]string // session → code
}

func newWorld(t testing.TB, l Limits) *world {
	w := &world{
		t: t, parkKey: wire.NewKey(), openKey: wire.NewKey(),
		counter: make(map[wire.KeyID]uint64), ended: make(map[string]string),
	}
	w.r = New(l, w, zap.NewNop)
	w.provider = w.r.AddClient("provider", w.parkKey)
	w.visitor = w.r.AddClient("visitor", wire.NewKey())
	w.session = w.addSession("s1", w.openKey)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = ln.Addr().String()
	if !plainListener {
		ln = splice.Listener(ln)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := w.r.ServeTCP(ln); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		serving.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := w.r.Close(ctx); err != nil {
			t.Error("closing the relay:", err)
		}
		if st := w.r.Stats(); st.Pending+st.Parked+st.Warm+st.Linked != 0 {
			t.Errorf("left over: %+v", st)
		}
	})
	return w
}

func (w *world) addSession(id string, k wire.Key) *Session {
	s, err := w.r.AddSession(SessionSpec{
		ID: id, Service: "web", Transport: wire.TCP, Mode: wire.ModePlain, Provider: w.provider, Visitor: w.visitor, Key: k,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// ChannelsWanted implements Events.
func (w *world) ChannelsWanted(_ *Client, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wanted = max(w.wanted, n)
}

// SessionEnded implements Events.
func (w *world) SessionEnded(s *Session, code, _ string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended[s.ID()] = code
}

// line returns a good line of the key's owner.
func (w *world) line(role wire.Role) (wire.Line, wire.Secret) {
	l, k := wire.Line{Role: role, Protocol: wire.TCP}, w.openKey
	if role == wire.Park {
		k = w.parkKey
	} else {
		l.Session = "s1"
	}
	l.Key = k.ID
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counter[k.ID]++
	l.Counter = w.counter[k.ID]
	return l, k.Secret
}

func (w *world) dial() *net.TCPConn {
	w.t.Helper()
	c, err := net.Dial("tcp", w.addr)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c.(*net.TCPConn)
}

// send opens a connection with what is given.
func (w *world) send(b []byte) *net.TCPConn {
	w.t.Helper()
	c := w.dial()
	if _, err := c.Write(b); err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) good(role wire.Role, data string) *net.TCPConn {
	w.t.Helper()
	l, s := w.line(role)
	return w.send(append(l.Append(nil, s), data...))
}

// park parks n channels and waits until they are.
func (w *world) park(n int) []*net.TCPConn {
	w.t.Helper()
	list := make([]*net.TCPConn, n)
	before := w.provider.Parked()
	for i := range list {
		list[i] = w.good(wire.Park, "")
	}
	w.until(func() bool { return w.provider.Parked() == before+n })
	return list
}

func (w *world) until(f func() bool) {
	w.t.Helper()
	for start := time.Now(); !f(); time.Sleep(time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			w.t.Fatal("it does not come to that")
		}
	}
}

// refused returns the code of the refusal that c gets.
func (w *world) refused(c net.Conn) string {
	w.t.Helper()
	s, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return "no answer: " + err.Error()
	}
	var no *wire.Refusal
	if err := wire.ParseRefusal([]byte(strings.TrimSuffix(s, "\n"))); !errors.As(err, &no) {
		return err.Error()
	}
	return no.Code
}

// expect reads exactly what is wanted.
func (w *world) expect(c net.Conn, want string) {
	w.t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		w.t.Fatalf("got %q, %v; want %q", b, err, want)
	}
}

// TestPlainListener does the most important once more without the fast way.
func TestPlainListener(t *testing.T) {
	plainListener = true
	defer func() { plainListener = false }()
	t.Run("open", TestOpen)
	t.Run("along", TestDataAlong)
	t.Run("junk", TestJunk)
	t.Run("wait", TestWait)
	t.Run("close", TestSessionClose)
}

var plainListener bool

const goLine = "GO s1 web tcp plain\n"

func TestOpen(t *testing.T) {
	for _, role := range []wire.Role{wire.Open, wire.Warm} {
		t.Run(string(role), func(t *testing.T) {
			w := newWorld(t, Limits{})
			p := w.park(1)[0]
			v := w.good(role, "")
			if role == wire.Warm {
				w.until(func() bool { return w.r.Stats().Warm == 1 })
				if w.provider.Parked() != 1 {
					t.Fatal("a warm channel that has not begun takes a parked one")
				}
				_, _ = v.Write([]byte("G"))
			}
			w.expect(p, goLine)
			_, _ = v.Write([]byte("hello"))
			w.expect(p, "hello")
			_, _ = p.Write([]byte("welcome"))
			w.expect(v, "+welcome")
			_ = v.CloseWrite()
			if b, err := io.ReadAll(p); err != nil || len(b) > 0 {
				t.Fatalf("%q, %v", b, err)
			}
			_, _ = p.Write([]byte("bye"))
			_ = p.Close()
			if b, err := io.ReadAll(v); err != nil || string(b) != "bye" {
				t.Fatalf("%q, %v", b, err)
			}
			w.until(func() bool { return w.session.Stats().Channels == 0 })
			if st := w.session.Stats(); st.Up != 5 || st.Down != 10 || st.Opened != 1 {
				t.Errorf("%+v", st)
			}
			if st := w.r.Stats(); st.BytesUp != 5 || st.BytesDown != 10 || st.Opened != 1 {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestDataAlong: what comes with the line arrives with the go line.
func TestDataAlong(t *testing.T) {
	w := newWorld(t, Limits{})
	p := w.park(1)[0]
	w.good(wire.Warm, "Gdata")
	w.expect(p, goLine+"data")
	w.until(func() bool { return w.session.Stats().Up == 4 })
}

// TestMode: the provider learns how the ends are to speak, and a visitor that
// begins to at once is not held up until it has an answer.
func TestMode(t *testing.T) {
	w := newWorld(t, Limits{})
	w.session.spec.Mode = wire.ModeTLS
	p := w.park(1)[0]
	v := w.good(wire.Open, "hello of TLS")
	w.expect(p, "GO s1 web tcp tls\nhello of TLS")
	_, _ = p.Write([]byte("answer"))
	w.expect(v, "+answer")
}

func TestYoungestFirst(t *testing.T) {
	w := newWorld(t, Limits{})
	w.park(1)
	w.provider.mu.Lock()
	w.provider.parked[0].since = time.Now().Add(-sameAge)
	w.provider.mu.Unlock()
	second := w.park(1)[0]
	w.good(wire.Open, "x")
	w.expect(second, goLine+"x")
}

// TestOldestGoes: channels that may be dead do not stand in the way of new ones.
func TestOldestGoes(t *testing.T) {
	w := newWorld(t, Limits{})
	first := append(w.park(1), w.park(1)...) // one by one: loops take in side by side
	w.park(maxParked - 2)
	gone := func(c net.Conn) {
		t.Helper()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	}
	w.good(wire.Park, "")
	gone(first[0])

	w.provider.mu.Lock()
	for _, p := range w.provider.parked {
		p.since = time.Now() // parking so many may have taken longer than renewAge
	}
	w.provider.parked[0].since = time.Now().Add(-renewAge)
	w.provider.mu.Unlock()
	w.provider.Renew()
	gone(first[1])
	if n := w.provider.Parked(); n != maxParked-1 {
		t.Errorf("%d are parked after the client has registered again", n)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, Limits{})
	w.park(1)
	other := wire.NewKey()
	w.addSession("s2", other)
	change := func(f func(*wire.Line, *wire.Secret)) []byte {
		l, s := w.line(wire.Open)
		f(&l, &s)
		return l.Append(nil, s)
	}
	used, secret := w.line(wire.Open)
	replay := used.Append(nil, secret)
	w.expect(w.send(replay), "") // pairs with the parked one
	w.until(func() bool { return w.session.Stats().Opened == 1 })
	for _, tc := range []struct {
		name, want string
		line       []byte
	}{
		{"unknown key", wire.RefusedDenied, change(func(l *wire.Line, _ *wire.Secret) { l.Key = wire.NewKey().ID })},
		{"wrong secret", wire.RefusedDenied, change(func(_ *wire.Line, s *wire.Secret) { s[0]++ })},
		{"replayed", wire.RefusedDenied, replay},
		{"another session's id", wire.RefusedDenied, change(func(l *wire.Line, _ *wire.Secret) { l.Session = "s2" })},
		{"the session id with another's key", wire.RefusedDenied, change(func(l *wire.Line, s *wire.Secret) { l.Key, *s = other.ID, other.Secret })},
		{"other protocol", wire.RefusedDenied, change(func(l *wire.Line, _ *wire.Secret) { l.Protocol = wire.UDP })},
		{"parking with a session's key", wire.RefusedDenied, change(func(l *wire.Line, _ *wire.Secret) { l.Role, l.Session = wire.Park, "" })},
		{"opening with a client's key", wire.RefusedDenied, change(func(l *wire.Line, s *wire.Secret) { l.Key, *s = w.parkKey.ID, w.parkKey.Secret })},
	} {
		if got := w.refused(w.send(tc.line)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	// A counter far ahead makes old ones stale.
	_ = w.send(change(func(l *wire.Line, _ *wire.Secret) { l.Counter = 1 << 20 }))
	w.until(func() bool { return w.session.replay.accept(1<<20) == replayed })
	if got := w.refused(w.good(wire.Open, "")); got != wire.RefusedStale {
		t.Errorf("an old counter: %s", got)
	}
	w.session.Close()
	if got := w.refused(w.good(wire.Open, "")); got != wire.RefusedDenied {
		t.Errorf("after the end: %s", got)
	}
}

// TestJunk: whoever sends no good line is reset, and told nothing.
func TestJunk(t *testing.T) {
	w := newWorld(t, Limits{})
	for _, junk := range []string{"GET / HTTP/1.1\r\n\r\n", strings.Repeat("x", 600), "CULVERT/1 open tcp\n", "\n"} {
		c := w.send([]byte(junk))
		if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%.20q: %d bytes, %v", junk, n, err)
		}
	}
	c := w.dial()
	start := time.Now()
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("silence: %d bytes, %v", n, err)
	}
	if d := time.Since(start); d < 4*time.Second || d > 7*time.Second {
		t.Errorf("silence lasted %v", d)
	}
	w.until(func() bool { return w.r.Stats().Junk == 5 && w.r.Stats().Pending == 0 })
}

// TestWait: without a parked channel the provider is asked for one, and the
// visitors are served in their order.
func TestWait(t *testing.T) {
	w := newWorld(t, Limits{})
	for i := range 3 {
		w.good(wire.Open, fmt.Sprint(i))
		w.until(func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.wanted == i+1
		})
	}
	for i := range 3 {
		w.expect(w.good(wire.Park, ""), goLine+fmt.Sprint(i))
	}
}

// TestVisitorsThatGaveUp are not given what others wait for; one that has only
// said all that it has to say is still there.
func TestVisitorsThatGaveUp(t *testing.T) {
	w := newWorld(t, Limits{})
	var waiting []*net.TCPConn
	for i := range 40 {
		waiting = append(waiting, w.good(wire.Open, fmt.Sprint(i)))
		w.until(func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.wanted == i+1
		})
	}
	for i, c := range waiting[:38] {
		if i == 20 {
			_ = c.CloseWrite()
			continue
		}
		_ = c.SetLinger(0)
		_ = c.Close()
	}
	for _, i := range []int{20, 38, 39} {
		w.expect(w.good(wire.Park, ""), goLine+fmt.Sprint(i))
	}
	w.park(1) // nobody waits any more
}

func TestProviderGone(t *testing.T) {
	w := newWorld(t, Limits{})
	parked := w.park(2)
	_ = parked[0].Close()
	w.until(func() bool { return w.provider.Parked() == 1 })
	v := w.good(wire.Open, "x")
	w.expect(parked[1], goLine+"x")
	waiting := w.good(wire.Open, "y")
	w.until(func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.wanted > 0
	})
	w.provider.Close()
	if got := w.refused(waiting); got != wire.RefusedOffline {
		t.Error(got)
	}
	if got := w.refused(w.good(wire.Park, "")); got != wire.RefusedDenied {
		t.Error(got)
	}
	// What was open goes on (rules R9).
	_, _ = v.Write([]byte("z"))
	w.expect(parked[1], "z")
}

func TestSessionClose(t *testing.T) {
	w := newWorld(t, Limits{})
	p := w.park(1)[0]
	v := w.good(wire.Open, "x")
	w.expect(p, goLine+"x")
	warm := w.good(wire.Warm, "")
	w.until(func() bool { return w.r.Stats().Warm == 1 })
	w.session.Close()
	for _, c := range []net.Conn{v, p, warm} {
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	}
	if len(w.ended) != 0 {
		t.Error("who closes a session is not told that it has ended")
	}
}

// TestOtherConnections: channels that are no TCP sockets work too.
func TestOtherConnections(t *testing.T) {
	w := newWorld(t, Limits{})
	p := w.park(1)[0]
	near, far := net.Pipe()
	w.r.ServeChannel(&pipeConn{far}, netip.Addr{})
	l, s := w.line(wire.Open)
	_, _ = near.Write(append(l.Append(nil, s), "hello"...))
	w.expect(p, goLine)
	w.expect(p, "hello")
	_, _ = p.Write([]byte("you"))
	w.expect(near, "+you")
	_ = near.Close()
}

type pipeConn struct{ net.Conn }

func (p *pipeConn) CloseWrite() error { return p.Close() }
func (p *pipeConn) Reset() error      { return p.Close() }

var _ splice.Conn = (*pipeConn)(nil)
