// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/seal"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// secured is config with a key, so that sessions between two of them are.
func (g *gate) secured(name string) Config {
	g.t.Helper()
	cfg := g.config(name)
	var err error
	if cfg.Key, err = identity.New(); err != nil {
		g.t.Fatal(err)
	}
	return cfg
}

// byUDP waits until a forward uses UDP, and asks once.
func byUDP(t *testing.T, f *Forward) net.Conn {
	t.Helper()
	c := dialUDP(t, f)
	eventually(t, 10*time.Second, "UDP is in use", func() bool {
		_ = ask(c, []byte("hello"), []byte("hello"))
		return f.Status().UDP
	})
	return c
}

// TestUDPCapture: who listens at the relay's UDP port sees what is said in
// plain mode, and nothing of it otherwise.
func TestUDPCapture(t *testing.T) {
	inModes(func(t *testing.T) {
		g := open(t, signaling.Config{})
		var mu sync.Mutex
		var capture []byte
		listen := func(b []byte) [][]byte {
			mu.Lock()
			defer mu.Unlock()
			capture = append(capture, b...)
			return [][]byte{b}
		}
		cfg := g.config("client-a")
		secured := cfg.Key != nil
		cfg.Dial = newNAT(t, g.relay, listen).dial
		cfg.Services = []wire.Service{datagrams(t, "upper", func(b []byte, _ net.Addr) []byte { return bytes.ToUpper(b) })}
		run(t, cfg)
		cfg = g.config("client-b")
		cfg.Dial = newNAT(t, g.relay, listen).dial
		f := forward(t, run(t, cfg), "client-a", "upper")
		c := dialUDP(t, f)
		question := strings.ToLower(rand.Text())
		eventually(t, 10*time.Second, "UDP is in use", func() bool {
			if err := ask(c, []byte(question), []byte(strings.ToUpper(question))); err != nil {
				t.Fatal(err)
			}
			return f.Status().UDP && g.server().Relay().Stats().Packets > 10
		})
		mu.Lock()
		defer mu.Unlock()
		for _, text := range []string{question, strings.ToUpper(question)} {
			if bytes.Contains(capture, []byte(text)) == secured {
				t.Errorf("%q in %d bytes: %v", text, len(capture), !secured)
			}
		}
	})(t)
}

// TestUDPTampering has somebody between both ends and the relay who repeats,
// changes, cuts and moves every datagram: each arrives once, unharmed, at whom
// it was for, and nothing else does.
func TestUDPTampering(t *testing.T) {
	g := open(t, signaling.Config{})
	var last []byte
	var moves int
	var mu sync.Mutex
	tamper := func(b []byte) [][]byte {
		mu.Lock()
		defer mu.Unlock()
		if wire.PacketID(b) == 0 || len(b) < wire.PacketHeader+seal.Overhead {
			return [][]byte{b}
		}
		sealed := len(b) - wire.PacketHeader
		changed, cut, moved := bytes.Clone(b), bytes.Clone(b[:len(b)-1]), bytes.Clone(b)
		changed[len(b)-17]++
		wire.PutHeader(cut, wire.PacketID(b), sealed-1)
		if moves++; moves%3 == 0 {
			moved[3] ^= 1 // to the other flow
		}
		bare := make([]byte, wire.PacketHeader, 100)
		wire.PutHeader(bare, wire.PacketID(b), len("forged"))
		out := [][]byte{changed, cut, moved, append(bare, "forged"...), b, bytes.Clone(b)}
		if last != nil {
			out = append(out, last) // of another leg, mostly
		}
		last = bytes.Clone(b)
		return out
	}
	heard := make(map[string]int)
	sources := make(map[string]string)
	cfg := g.secured("client-a")
	cfg.Dial = newNAT(t, g.relay, tamper).dial
	cfg.Services = []wire.Service{datagrams(t, "echo", func(b []byte, from net.Addr) []byte {
		mu.Lock()
		defer mu.Unlock()
		heard[string(b)]++
		if name := string(b[:1]); name != "h" { // of hello, which all say
			if was := sources[name]; was != "" && was != from.String() {
				t.Errorf("%q came as another flow's", b)
			}
			sources[name] = from.String()
		}
		return b
	})}
	provider := run(t, cfg)
	cfg = g.secured("client-b")
	cfg.Dial = newNAT(t, g.relay, tamper).dial
	f := forward(t, run(t, cfg), "client-a", "echo")
	a, b := byUDP(t, f), byUDP(t, f)
	sent := map[string]bool{"hello": true}
	answers := 0
	for i := range 50 {
		for name, c := range map[string]net.Conn{"a": a, "b": b} {
			text := fmt.Sprintf("%s %d", name, i)
			sent[text] = true
			if _, err := c.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
			buf := make([]byte, 2000)
			for {
				n, err := c.Read(buf)
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				if string(buf[:n]) == "hello" {
					continue // of before
				}
				if string(buf[:n]) != text {
					t.Errorf("got %q, want %q", buf[:n], text)
				}
				answers++
				break
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for text, n := range heard {
		if !sent[text] || n > 1 && text != "hello" {
			t.Errorf("%q came %d times", text, n)
		}
	}
	if answers != 100 || provider.udp.lost.Load() == 0 || f.Status().Dropped == 0 {
		t.Errorf("%d answers; dropped %d and %d forgeries", answers, provider.udp.lost.Load(), f.Status().Dropped)
	}
}

// TestUDPFirst: what an application sends before there are keys, or a way, is
// held and arrives.
func TestUDPFirst(t *testing.T) {
	g := open(t, signaling.Config{})
	var heard sync.Map
	cfg := g.secured("client-a")
	cfg.Services = []wire.Service{datagrams(t, "hears", func(b []byte, _ net.Addr) []byte {
		heard.Store(string(b), true)
		return nil
	})}
	run(t, cfg)
	c := dialUDP(t, forward(t, run(t, g.secured("client-b")), "client-a", "hears"))
	for i := range 50 {
		fmt.Fprint(c, i)
	}
	eventually(t, 5*time.Second, "all datagrams arrive", func() bool {
		n := 0
		heard.Range(func(any, any) bool { n++; return true })
		return n == 50
	})
}

// TestUDPPeers: only who has proven the right key gets to a service, and only
// whoever has is believed to be it.
func TestUDPPeers(t *testing.T) {
	g := open(t, signaling.Config{})
	var heard atomic.Int64
	echo := datagrams(t, "echo", func(b []byte, _ net.Addr) []byte {
		heard.Add(1)
		return b
	})
	a, b := g.secured("client-a"), g.secured("client-b")
	shut := echo
	shut.ID, shut.Peers = "shut", []string{a.Key.Public().Fingerprint()}
	listed := echo
	listed.ID, listed.Peers = "listed", []string{b.Key.Public().Fingerprint()}
	a.Services = []wire.Service{echo, shut, listed}
	provider := run(t, a)
	visitor := run(t, b)
	try := func(service, peerKey string) (*Forward, net.Conn) {
		f, err := visitor.Forward(t.Context(), ForwardSpec{Target: "client-a", Service: service, Local: "0", PeerKey: peerKey})
		if err != nil {
			t.Fatal(err)
		}
		return f, dialUDP(t, f)
	}
	for service, peerKey := range map[string]string{"echo": b.Key.Public().Fingerprint(), "shut": ""} {
		f, c := try(service, peerKey)
		eventually(t, 10*time.Second, "the forward says why "+service+" does not work", func() bool {
			_, _ = c.Write([]byte("x"))
			return f.Status().LastError != ""
		})
		t.Log(f.Status().LastError)
		if f.Status().UDP || heard.Load() != 0 {
			t.Errorf("%s: %d datagrams came through", service, heard.Load())
		}
		f.Close()
	}
	f, _ := try("listed", a.Key.Public().Fingerprint())
	c := byUDP(t, f)
	if st := f.Status(); st.PeerFingerprint != a.Key.Public().Fingerprint() || st.Encryption != wire.ModeTLS || st.LastError != "" {
		t.Errorf("%+v", st)
	}
	// The list changes: no new flow.
	listed.Peers = shut.Peers
	if err := provider.SetServices([]wire.Service{listed}); err != nil {
		t.Fatal(err)
	}
	if err := ask(c, []byte("old flow"), []byte("old flow")); err != nil {
		t.Error(err)
	}
	before, dropped := heard.Load(), provider.Status().Dropped
	_, _ = dialUDP(t, f).Write([]byte("new flow"))
	eventually(t, 5*time.Second, "the provider drops it", func() bool { return provider.Status().Dropped > dropped || heard.Load() > before })
	if heard.Load() > before {
		t.Error("a new flow of a visitor that is not on the list any more")
	}
}
