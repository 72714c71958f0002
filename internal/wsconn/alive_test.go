// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsconn

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// piped returns a client's connection in memory, and the raw far end.
func piped(t *testing.T) (*websocket.Conn, *websocket.Conn) {
	t.Helper()
	near, far := net.Pipe()
	up := make(chan *websocket.Conn)
	go func() {
		w := &pipeWriter{conn: far, rw: bufio.NewReadWriter(bufio.NewReader(far), bufio.NewWriter(far)), head: http.Header{}}
		r, err := http.ReadRequest(w.rw.Reader)
		if err != nil {
			t.Error(err)
		}
		u := websocket.Upgrader{}
		ws, err := u.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
		}
		up <- ws
	}()
	client, _, err := websocket.NewClient(near, &url.URL{Scheme: "ws", Host: "gateway", Path: "/"}, nil, 0, 0) //nolint:staticcheck // it takes a connection as it is
	if err != nil {
		t.Fatal(err)
	}
	return client, <-up
}

// pipeWriter lets gorilla hijack a pipe.
type pipeWriter struct {
	conn net.Conn
	rw   *bufio.ReadWriter
	head http.Header
}

func (w *pipeWriter) Header() http.Header         { return w.head }
func (w *pipeWriter) Write(b []byte) (int, error) { return w.conn.Write(b) }
func (w *pipeWriter) WriteHeader(int)             {}
func (w *pipeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.conn, w.rw, nil
}

func TestSilentPeerIsDeadAfterAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := piped(t)
		c := New(a)
		defer c.Reset()
		go io.Copy(io.Discard, b.NetConn()) // takes everything, says nothing
		begun := time.Now()
		_, err := c.Read(make([]byte, 1))
		if took := time.Since(begun); !errors.Is(err, errDead) || took != deadAfter {
			t.Errorf("after %v: %v", took, err)
		}
		b.Close()
	})
}

func TestIdleStreamStaysUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wa, wb := piped(t)
		a, b := New(wa), New(wb)
		defer a.Reset()
		defer b.Reset()
		time.Sleep(time.Hour)
		go a.Write([]byte("still here"))
		buf := make([]byte, 10)
		if _, err := io.ReadFull(b, buf); err != nil || string(buf) != "still here" {
			t.Errorf("%q, %v", buf, err)
		}
	})
}

// TestReaderThatStallsIsNotDead leaves a message unread for an hour: pings
// wait behind it, and neither end may give up.
func TestReaderThatStallsIsNotDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wa, wb := piped(t)
		a, b := New(wa), New(wb)
		defer a.Reset()
		defer b.Reset()
		msg := make([]byte, 300<<10)
		sent := make(chan error, 1)
		go func() { _, err := a.Write(msg); sent <- err }()
		time.Sleep(time.Hour)
		if n, err := io.ReadFull(b, msg); err != nil {
			t.Errorf("read %d: %v", n, err)
		}
		if err := <-sent; err != nil {
			t.Errorf("writing: %v", err)
		}
	})
}

// TestHalfClosedStreamStaysUp: whoever has sent its FIN sends no pings either.
func TestHalfClosedStreamStaysUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wa, wb := piped(t)
		a, b := New(wa), New(wb)
		defer a.Reset()
		defer b.Reset()
		if err := a.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		go b.Write([]byte("late"))
		buf := make([]byte, 4)
		if _, err := io.ReadFull(a, buf); err != nil || string(buf) != "late" {
			t.Errorf("%q, %v", buf, err)
		}
	})
}
