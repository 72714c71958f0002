// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"
)

// appConn makes a net.Conn of a pipe's other end, whose deadlines streams have no
// use for.
type appConn struct{ pipeApp }

func (c appConn) LocalAddr() net.Addr  { return c.remote }
func (c appConn) RemoteAddr() net.Addr { return c.remote }

func (c appConn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	return c.pipeApp.Read(b)
}

func (c appConn) Close() error {
	c.down.finish()
	c.up.leave()
	return nil
}

func (c appConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c appConn) SetReadDeadline(t time.Time) error {
	c.up.mu.Lock()
	defer c.up.mu.Unlock()
	c.up.readBy.set(&c.up, t)
	return nil
}

func (c appConn) SetWriteDeadline(t time.Time) error {
	c.down.mu.Lock()
	defer c.down.mu.Unlock()
	c.down.writeBy.set(&c.down, t)
	return nil
}

func pipeEnds() (*dialed, pipeApp) {
	p := newMemPipe(serviceAddr("client/service"))
	return &dialed{memPipe: p, linger: func() {}}, pipeApp{p}
}

// TestPipeIsAConn holds a pipe to what the standard library wants of a net.Conn.
func TestPipeIsAConn(t *testing.T) {
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		d, a := pipeEnds()
		c := appConn{a}
		return d, c, func() { _, _ = d.Close(), c.Close() }, nil
	})
}

// A FIN comes behind the bytes and leaves the other direction open; a reset
// takes all with it.
func TestPipeEnds(t *testing.T) {
	d, a := pipeEnds()
	data := bytes.Repeat([]byte("0123456789"), pipeSize/25) // two fifths of a half
	var got bytes.Buffer
	for range 2 {
		if _, err := d.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(data); err == nil {
		t.Error("a write behind the end succeeds")
	}
	if _, err := io.Copy(&got, a); err != nil || !bytes.Equal(got.Bytes(), append(data, data...)) {
		t.Errorf("%d bytes, %v", got.Len(), err)
	}
	if n, err := a.TryWrite(make([]byte, 3*pipeSize)); err != nil || n != pipeSize {
		t.Errorf("%d bytes fit, %v; want %d", n, err, pipeSize)
	}
	if n, err := a.TryWrite([]byte{1}); err != nil || n != 0 {
		t.Errorf("%d more bytes fit, %v", n, err)
	}
	if n, err := d.Read(make([]byte, pipeSize/2)); err != nil || n != pipeSize/2 {
		t.Errorf("%d bytes read, %v", n, err)
	}
	_ = a.Reset()
	if _, err := a.Write([]byte{1}); !errors.Is(err, errPipeReset) {
		t.Errorf("a write after the reset: %v", err)
	}
	rest, err := io.ReadAll(d)
	if len(rest) != pipeSize/2 || !errors.Is(err, errPipeReset) {
		t.Errorf("%d bytes from before the reset, %v", len(rest), err)
	}
	if d.up.buf != nil || d.down.buf != nil {
		t.Error("a pipe that has ended holds memory")
	}
}

// At rest a pipe holds no buffer.
func TestPipeAtRest(t *testing.T) {
	d, a := pipeEnds()
	b := make([]byte, 10)
	for range 3 {
		if _, err := d.Write(b); err != nil {
			t.Fatal(err)
		}
		if n, err := a.TryRead(b); n != len(b) || err != nil {
			t.Fatal(n, err)
		}
		if n, err := a.TryRead(b); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		if d.up.buf != nil {
			t.Fatal("a buffer is held for nothing")
		}
	}
}

// Whoever closes lets go of what comes, sends what is written, and is not kept
// by a service that never ends.
func TestPipeCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, a := pipeEnds()
		var lingered time.Time
		d.linger = func() { time.AfterFunc(lingerTime, func() { lingered = time.Now() }) }
		began := time.Now()
		if _, err := d.Write([]byte("last words")); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := io.ReadAll(a); string(got) != "last words" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := a.TryWrite([]byte("too late")); err == nil {
			t.Error("what comes is taken")
		}
		if _, err := d.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		time.Sleep(2 * lingerTime)
		synctest.Wait()
		if lingered.Sub(began) != lingerTime {
			t.Errorf("lingered for %v", lingered.Sub(began))
		}
	})
}
