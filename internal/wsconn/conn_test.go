// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsconn

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/splice"
)

var _ splice.Conn = (*Conn)(nil)

// pair returns both ends of a stream over real sockets, the client's first.
func pair(t *testing.T) (*Conn, *Conn) {
	t.Helper()
	a, b := sockets(t)
	return start(t, a), start(t, b)
}

func start(t *testing.T, ws *websocket.Conn) *Conn {
	c := New(ws)
	t.Cleanup(func() { c.Reset() })
	return c
}

// sockets returns both ends after the handshake. The test fails if goroutines
// are left behind.
func sockets(t *testing.T) (client, server *websocket.Conn) {
	t.Helper()
	before := runtime.NumGoroutine()
	up := make(chan *websocket.Conn, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := websocket.Upgrader{}
		if ws, err := u.Upgrade(w, r, nil); err == nil {
			up <- ws
		}
	}))
	t.Cleanup(func() {
		srv.Close()
		for range 200 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
	})
	client, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	server = <-up
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

func TestHungUp(t *testing.T) {
	a, b := pair(t)
	_ = a.CloseWrite()
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if b.HungUp() || a.HungUp() {
		t.Error("a FIN is taken for the end of both ways")
	}
	_ = a.Reset()
	if _, err := b.Write(make([]byte, 1)); err == nil {
		_, _ = b.Read(make([]byte, 1))
	}
	for began := time.Now(); !b.HungUp() || !a.HungUp(); time.Sleep(time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("a reset is not noticed")
		}
	}
}

func TestBytesArriveBothWays(t *testing.T) {
	a, b := pair(t)
	const size = 3 << 20
	var both sync.WaitGroup
	for _, ends := range [][2]*Conn{{a, b}, {b, a}} {
		sum := make(chan [32]byte, 1)
		both.Go(func() {
			src, h := rand.NewChaCha8([32]byte{1}), sha256.New()
			for left := size; left > 0; {
				buf := make([]byte, min(left, 1+rand.IntN(200_000)))
				src.Read(buf)
				h.Write(buf)
				if _, err := ends[0].Write(buf); err != nil {
					t.Errorf("writing: %v", err)
				}
				left -= len(buf)
			}
			sum <- [32]byte(h.Sum(nil))
			if err := ends[0].CloseWrite(); err != nil {
				t.Errorf("CloseWrite: %v", err)
			}
		})
		both.Go(func() {
			h := sha256.New()
			n, err := io.CopyBuffer(h, struct{ io.Reader }{ends[1]}, make([]byte, 1777))
			if err != nil || n != size || [32]byte(h.Sum(nil)) != <-sum {
				t.Errorf("read %d bytes, error %v", n, err)
			}
		})
	}
	both.Wait()
}

func TestHalfClose(t *testing.T) {
	client, server := pair(t)
	for name, ends := range map[string][2]*Conn{"client": {client, server}, "server": {server, client}} {
		if err := ends[0].CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := ends[0].Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("writing after CloseWrite of the %s: %v", name, err)
		}
		if err := ends[0].CloseWrite(); err != nil {
			t.Errorf("second CloseWrite of the %s: %v", name, err)
		}
		for range 2 { // the end stays the end
			if n, err := ends[1].Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
				t.Fatalf("after the FIN of the %s: %d, %v", name, n, err)
			}
		}
		if name == "client" && !client.sentFIN.Load() || name == "server" && !server.sentFIN.Load() {
			t.Errorf("no FIN of the %s", name)
		}
		if client.sentFIN.Load() != server.sentFIN.Load() { // one direction is still open
			if _, err := ends[1].Write([]byte("late")); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 4)
			if _, err := io.ReadFull(ends[0], buf); err != nil || string(buf) != "late" {
				t.Fatalf("over the open half: %q, %v", buf, err)
			}
		}
	}
	// A clean close of one end leaves the other's EOF as it is.
	client.Close()
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("after both FINs and a close: %v", err)
	}
}

// TestEndsThatAreNotClean has one end vanish in each way; the other must get
// what was sent before, and never io.EOF.
func TestEndsThatAreNotClean(t *testing.T) {
	for name, leave := range map[string]func(*Conn){
		"reset":                    func(c *Conn) { c.Reset() },
		"close without CloseWrite": func(c *Conn) { c.Close() },
		"socket closed":            func(c *Conn) { c.ws.NetConn().Close() },
		"socket reset": func(c *Conn) {
			c.ws.NetConn().(*net.TCPConn).SetLinger(0)
			c.ws.NetConn().Close()
		},
		"close 1000": func(c *Conn) {
			c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Time{})
		},
		"text": func(c *Conn) { c.ws.WriteMessage(websocket.TextMessage, []byte("hi")) },
	} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			if _, err := a.Write([]byte("before")); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 6)
			if _, err := io.ReadFull(b, buf); err != nil || string(buf) != "before" {
				t.Fatalf("%q, %v", buf, err)
			}
			leave(a)
			if n, err := b.Read(buf); n != 0 || err == nil || errors.Is(err, io.EOF) {
				t.Errorf("reading: %d, %v", n, err)
			} else if name != "text" && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("reading: %v, want a reset", err)
			}
			if _, err := b.Write([]byte("x")); err == nil {
				t.Error("writing to a broken stream succeeded")
			}
		})
	}
}

func TestBytesAfterTheFIN(t *testing.T) {
	a, b := sockets(t)
	c := start(t, a)
	b.WriteMessage(websocket.BinaryMessage, nil)
	b.WriteMessage(websocket.BinaryMessage, []byte("more"))
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Fatalf("%d, %v", n, err)
	}
	<-c.closed
	if _, err := c.Write([]byte("x")); !errors.Is(err, errAfterFIN) {
		t.Errorf("writing: %v", err)
	}
}

func TestDeadlinesLeaveTheStreamWhole(t *testing.T) {
	a, b := pair(t)
	buf := make([]byte, 16)
	b.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := b.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("no timeout: %v", err)
	}
	a.Write([]byte("waits"))
	if _, err := b.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a deadline that has passed holds: %v", err)
	}
	b.SetReadDeadline(time.Time{})
	if n, err := b.Read(buf); err != nil || string(buf[:n]) != "waits" {
		t.Fatalf("%q, %v", buf[:n], err)
	}

	woken := make(chan error, 1)
	go func() { _, err := b.Read(buf); woken <- err }()
	time.Sleep(10 * time.Millisecond)
	b.SetReadDeadline(time.Unix(1, 0))
	if err := <-woken; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a read under way: %v", err)
	}
}

func TestWriteDeadlineInterruptsAFullSocket(t *testing.T) {
	a, _ := sockets(t) // nobody reads at the other end
	c := start(t, a)
	stuck := make(chan error, 1)
	go func() {
		for {
			if _, err := c.Write(make([]byte, 1<<20)); err != nil {
				stuck <- err
				return
			}
		}
	}()
	time.Sleep(50 * time.Millisecond)
	c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	if err := <-stuck; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestResetDoesNotWaitForAFullSocket(t *testing.T) {
	a, b := pair(t)
	stuck := make(chan error, 1)
	go func() {
		for {
			if _, err := a.Write(make([]byte, 1<<20)); err != nil {
				stuck <- err
				return
			}
		}
	}()
	time.Sleep(50 * time.Millisecond)
	begun := time.Now()
	a.Reset()
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	if err := <-stuck; !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing: %v", err)
	}
	// The peer reads what the system still holds, then learns of the reset.
	if _, err := io.Copy(io.Discard, b); err == nil {
		t.Error("a reset looked like a clean end")
	}
}

func TestMessagesAreBounded(t *testing.T) {
	a, b := sockets(t)
	c := start(t, a)
	go c.Write(bytes.Repeat([]byte("x"), 200<<10))
	for left := 200 << 10; left > 0; {
		_, msg, err := b.ReadMessage()
		if err != nil || len(msg) > maxPayload || len(msg) == 0 {
			t.Fatalf("message of %d bytes, error %v", len(msg), err)
		}
		left -= len(msg)
	}
	b.WriteMessage(websocket.BinaryMessage, make([]byte, readLimit+1))
	if _, err := io.Copy(io.Discard, c); !errors.Is(err, websocket.ErrReadLimit) {
		t.Errorf("a message above the limit: %v", err)
	}
}
