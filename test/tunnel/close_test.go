// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"
)

// endings are the ways in which a connection goes, as near does it and far
// sees it. Each is run with the application as near, and with the service.
var endings = []struct {
	name string
	run  func(t *testing.T, near, far *net.TCPConn)
}{
	{"fin, and an answer", finAndAnswer},
	{"fin of an empty connection", emptyFIN},
	{"fin of both at once", bothFIN},
	{"half closed for a while", halfClosed},
	{"rst of an empty connection", emptyRST},
	{"rst of an idle connection", idleRST},
	{"rst after its fin", lateRST},
	{"rst in the middle of data", cutOff},
	{"rst while the other's window is closed", cutOffBlocked},
	{"rst by who closed its window", rstByBlocked},
	{"zero window", zeroWindow},
}

// flood is more than all buffers on the way hold, while TestEndings runs: other
// tests here measure the heap.
var flood []byte

// TestEndings is every ending, both ways, over every transport.
func TestEndings(t *testing.T) {
	flood = noise(256<<20, 4)
	t.Cleanup(func() { flood = nil })
	s := startSite(t, "")
	for _, w := range ways {
		t.Run(w.String(), func(t *testing.T) {
			x := s.open(t, w)
			for _, e := range endings {
				t.Run("by the application/"+e.name, func(t *testing.T) {
					app, service := x.connect(t)
					e.run(t, app, service)
				})
				t.Run("by the service/"+e.name, func(t *testing.T) {
					app, service := x.connect(t)
					e.run(t, service, app)
				})
			}
		})
	}
}

func finAndAnswer(t *testing.T, near, far *net.TCPConn) {
	question, answer := noise(300_000, 1), noise(200_000, 2)
	say(t, near, question)
	hears(t, far, question)
	say(t, far, answer)
	hears(t, near, answer)
}

func emptyFIN(t *testing.T, near, far *net.TCPConn) {
	say(t, near, nil)
	hears(t, far, nil)
	say(t, far, nil)
	hears(t, near, nil)
}

func bothFIN(t *testing.T, near, far *net.TCPConn) {
	say(t, near, nil)
	say(t, far, nil)
	hears(t, far, nil)
	hears(t, near, nil)
}

// halfClosed: a FIN one way says nothing about the other.
func halfClosed(t *testing.T, near, far *net.TCPConn) {
	say(t, near, []byte("the last word"))
	hears(t, far, []byte("the last word"))
	for range 3 {
		time.Sleep(300 * time.Millisecond)
		write(t, far, []byte("still here"))
		reads(t, near, []byte("still here"))
	}
	say(t, far, nil)
	hears(t, near, nil)
}

func emptyRST(t *testing.T, near, far *net.TCPConn) {
	reset(t, near)
	hearsReset(t, far, nil)
}

func idleRST(t *testing.T, near, far *net.TCPConn) {
	write(t, near, []byte("ping"))
	reads(t, far, []byte("ping"))
	write(t, far, []byte("pong"))
	reads(t, near, []byte("pong"))
	reset(t, near)
	hearsReset(t, far, nil)
}

// lateRST: a direction that has ended well does not make the whole end well.
func lateRST(t *testing.T, near, far *net.TCPConn) {
	say(t, near, []byte("question"))
	hears(t, far, []byte("question"))
	write(t, far, []byte("half an ans"))
	reads(t, near, []byte("half an ans"))
	reset(t, near)
	deadline := time.Now().Add(10 * time.Second)
	for { // nothing is left to read, so the reset shows when writing
		if _, err := far.Write([]byte("wer")); err != nil {
			if !isReset(err) {
				t.Errorf("far writes and gets %v, want a reset", err)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("far can write for ever")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// cutOff: what was on its way may be lost, and the receiver must know.
func cutOff(t *testing.T, near, far *net.TCPConn) {
	data := noise(8<<20, 3)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for b := data; len(b) > 0; {
			n, err := near.Write(b[:min(len(b), 64<<10)])
			if err != nil {
				return // the reset below
			}
			b = b[n:]
		}
	}()
	reads(t, far, data[:1<<20]) // all of it is flowing
	reset(t, near)
	<-done
	hearsReset(t, far, data[1<<20:])
}

// cutOffBlocked: the receiver does not read when the reset comes, and gets it
// all the same.
func cutOffBlocked(t *testing.T, near, far *net.TCPConn) {
	fill(t, near)
	reset(t, near)
	hearsReset(t, far, flood)
}

// rstByBlocked: the reset comes from who does not read, so everybody on the
// way holds data for it.
func rstByBlocked(t *testing.T, near, far *net.TCPConn) {
	fill(t, far)
	reset(t, near)
	if err := far.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(far, endless{}); !isReset(err) {
		t.Errorf("the blocked writer gets %v, want a reset", err)
	}
}

// zeroWindow: a receiver that takes its time gets all.
func zeroWindow(t *testing.T, near, far *net.TCPConn) {
	sent := fill(t, near)
	data := flood[:sent+1<<20]
	time.Sleep(300 * time.Millisecond)
	done := make(chan error, 1)
	go func() {
		_, err := near.Write(data[sent:])
		done <- errors.Join(err, near.CloseWrite())
	}()
	h := sha256.New()
	n, err := io.Copy(h, far)
	if want := sha256.Sum256(data); err != nil || n != int64(len(data)) || !bytes.Equal(h.Sum(nil), want[:]) {
		t.Errorf("far hears %d of %d bytes (%v), or others", n, len(data), err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// noise is n bytes by a seed.
func noise(n int, seed byte) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b) // never fails
	return b
}

// endless is what can be read for ever.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func write(t *testing.T, c *net.TCPConn, data []byte) {
	t.Helper()
	if _, err := c.Write(data); err != nil {
		t.Fatalf("writing: %v", err)
	}
}

// say sends data and FIN.
func say(t *testing.T, c *net.TCPConn, data []byte) {
	t.Helper()
	write(t, c, data)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

// fill writes of flood until the other end's closed window holds the rest back, and
// returns how much that was.
func fill(t *testing.T, c *net.TCPConn) int {
	t.Helper()
	const rest = 1 << 20 // for later
	data := flood[:len(flood)-rest]
	sent := 0
	for sent < len(data) {
		if err := c.SetWriteDeadline(time.Now().Add(400 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		n, err := c.Write(data[sent:])
		sent += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if n == 0 {
				break
			}
		} else if err != nil {
			t.Fatalf("after %d bytes: %v", sent, err)
		}
	}
	if sent == len(data) {
		t.Fatalf("all %d bytes were taken, nothing holds them back", sent)
	}
	if err := c.SetWriteDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return sent
}

// reads expects data, and more to come.
func reads(t *testing.T, c *net.TCPConn, data []byte) {
	t.Helper()
	got := make([]byte, len(data))
	if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("read %d of %d bytes (%v), or others", n, len(data), err)
	}
}

// hears expects data and FIN.
func hears(t *testing.T, c *net.TCPConn, data []byte) {
	t.Helper()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("heard %d of %d bytes (%v), or others", len(got), len(data), err)
	}
}

// hearsReset expects a beginning of data, and then a reset rather than an end.
func hearsReset(t *testing.T, c *net.TCPConn, data []byte) {
	t.Helper()
	got, err := io.ReadAll(c)
	if !isReset(err) {
		t.Errorf("after %d of %d bytes: %v, want a reset", len(got), len(data), err)
	}
	if !bytes.HasPrefix(data, got) {
		t.Errorf("%d bytes were heard that nobody said", len(got))
	}
}
