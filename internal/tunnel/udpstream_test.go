// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// pipe is a stream that is as full as its reader is slow.
type pipe struct{ net.Conn }

func (p pipe) CloseWrite() error { return p.Close() }
func (p pipe) Reset() error      { return p.Close() }

// TestUDPStreamDropsOld: while the channel is stuck, packets that are too many
// or too old are dropped and counted, and the newest get through.
func TestUDPStreamDropsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		var lost atomic.Int64
		s := newUDPStream(pipe{near}, func(n int) { lost.Add(int64(n)) }, func(uint32, []byte) {})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.run(ctx, nil, nil, false) }()

		const size = 1000
		packet := func(n int) headed {
			return headed{uint32(256 + n), bytes.Repeat([]byte{byte(n)}, size)}
		}
		s.push(packet(0)) // is being written from now on
		synctest.Wait()
		for n := 1; n < 400; n++ { // more than the queue holds
			s.push(packet(n))
		}
		over := 399 - streamQueue/(size+wire.PacketHeader)
		if lost.Load() != int64(over) {
			t.Errorf("%d dropped of too many, want %d", lost.Load(), over)
		}
		time.Sleep(2 * streamAge)
		s.push(packet(400))
		for _, want := range []int{0, 400} {
			head := make([]byte, wire.PacketHeader+size)
			if _, err := io.ReadFull(far, head); err != nil {
				t.Fatal(err)
			}
			if id, data, ok := wire.ParsePacket(head); !ok || id != uint32(256+want) || data[0] != byte(want) {
				t.Errorf("got the id %d, want %d", id, 256+want)
			}
		}
		if lost.Load() != 399 {
			t.Errorf("%d dropped, want 399", lost.Load())
		}
		cancel()
		if err := <-ended; err == nil {
			t.Error("stopped without a reason")
		}
		far.Close()
	})
}

// TestUDPStreamSilent: a secured stream that sends and hears nothing is given
// up, after a question; one that hears an answer, or is idle, is not.
func TestUDPStreamSilent(t *testing.T) {
	for _, tc := range []struct {
		name           string
		sends, answers bool
		recheck        bool
		pings          bool
		silent         bool
		noLongerThan   time.Duration
	}{
		{name: "black hole", sends: true, pings: true, silent: true, noLongerThan: streamDoubt + streamPatience + 4*streamLook},
		{name: "one way", sends: true, answers: true, pings: true},
		{name: "idle"},
		{name: "idle, and the network changes", recheck: true, pings: true, silent: true, noLongerThan: recheckPatience + 4*streamLook},
		{name: "idle, and the network has not changed much", recheck: true, answers: true, pings: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				s := newUDPStream(pipe{near}, func(int) {}, func(uint32, []byte) {})
				s.told = func([]byte) {}
				var pings atomic.Int64
				go func() {
					head := make([]byte, wire.PacketHeader)
					for {
						if _, err := io.ReadFull(far, head); err != nil {
							return
						}
						data := make([]byte, wire.PacketLength(head))
						if _, err := io.ReadFull(far, data); err != nil {
							return
						}
						if wire.PacketID(head) == 0 && wire.ParseEnd(data) == wire.EndPing {
							if pings.Add(1); tc.answers {
								far.Write(wire.EndPong.Append(nil))
							}
						}
					}
				}()
				ended := make(chan error, 1)
				go func() { ended <- s.run(t.Context(), nil, nil, false) }()
				begun := time.Now()
				if tc.recheck {
					time.Sleep(time.Second)
					nudge(s.recheck)
				}
				for time.Since(begun) < time.Minute && len(ended) == 0 {
					if tc.sends {
						s.push(headed{256, []byte("x")})
					}
					time.Sleep(500 * time.Millisecond)
				}
				if lasted := time.Since(begun); tc.silent != (lasted < time.Minute) || tc.silent && lasted > tc.noLongerThan {
					t.Errorf("it lasted %v", lasted)
				}
				if n := pings.Load(); (n > 0) != tc.pings {
					t.Errorf("%d questions", n)
				}
				far.Close()
				if err := <-ended; tc.silent != errors.Is(err, errSilent) {
					t.Errorf("ended with %v", err)
				}
			})
		})
	}
}

// TestUDPStreamAnswers: what the relay says before the provider's first byte.
func TestUDPStreamAnswers(t *testing.T) {
	good := make([]byte, wire.PacketHeader+3)
	wire.PutHeader(good, 0x107, 3)
	for _, tc := range []struct {
		name, sent string
		code       string
		packets    int
	}{
		{"packets", "+" + string(good) + string(good), "", 2},
		{"refusal", "-closed the session has ended\n", wire.RefusedClosed, 0},
		{"nonsense", "HTTP/1.1 400 Bad Request\r\n", "", 0},
		{"half a packet", "+" + string(good[:7]), "", 0},
		{"nothing", "", "", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			near, far := net.Pipe()
			got := 0
			s := newUDPStream(pipe{near}, func(int) {}, func(id uint32, data []byte) {
				if id == 0x107 && len(data) == 3 {
					got++
				} else if id != 0 {
					t.Errorf("id %x with %d bytes", id, len(data))
				}
			})
			go func() {
				io.WriteString(far, tc.sent)
				far.Close()
			}()
			err := s.run(t.Context(), nil, nil, true)
			if no, ok := errors.AsType[*wire.Refusal](err); err == nil || ok != (tc.code != "") || ok && no.Code != tc.code {
				t.Errorf("ended with %v", err)
			}
			if got != tc.packets {
				t.Errorf("%d packets, want %d", got, tc.packets)
			}
		})
	}
}

// FuzzUDPStream: whatever comes through a channel, packets come out as they
// went in, and nothing else.
func FuzzUDPStream(f *testing.F) {
	f.Add([]byte("+\x00\x00\x01\x00\x00\x01x"), false)
	f.Add([]byte("-denied no\n"), false)
	f.Add([]byte("\x00\x00\x00\x00\x00\x02\x01\x01\x00\x00\x01\x00\x00\x01x"), true)
	f.Fuzz(func(t *testing.T, in []byte, secured bool) {
		var out []byte
		s := newUDPStream(nil, func(int) {}, func(id uint32, data []byte) {
			if id != 0 {
				var head [wire.PacketHeader]byte
				wire.PutHeader(head[:], id, len(data))
				out = append(append(out, head[:]...), data...)
			}
		})
		if secured {
			s.told = func(data []byte) { _ = wire.ParseEnd(data) }
		}
		if err := s.read(bytes.NewReader(in), !secured); err == nil {
			t.Fatal("no end")
		}
		if !bytes.Contains(in, out[:min(len(out), wire.PacketHeader)]) || len(out) > len(in) {
			t.Errorf("%x became %x", in, out)
		}
	})
}
