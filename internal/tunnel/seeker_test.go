// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// TestHopeless: streams wait as long as there may be a session again.
func TestHopeless(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want bool
	}{
		{&Error{Kind: Unreachable, Err: errors.New("no gateway")}, false},
		{&Error{Kind: TargetRefused, Code: wire.CodeClientOffline, Err: errors.New("offline")}, false},
		{&Error{Kind: TargetRefused, Code: wire.CodeClientNotFound, Err: errors.New("not yet there")}, false},
		{context.DeadlineExceeded, false}, // another one was asking for as long
		{fmt.Errorf("asking: %w", context.DeadlineExceeded), false},
		{&Error{Kind: TargetRefused, Code: wire.CodeServiceNotFound, Err: errors.New("gone")}, true},
		{&Error{Kind: TargetRefused, Code: wire.CodeNoEncryption, Err: errors.New("not encrypted")}, true},
		{errStopped, true},
	} {
		if got := hopeless(tc.err); got != tc.want {
			t.Errorf("%v: %v", tc.err, got)
		}
	}
}

// TestApplicationsThatGoAtOnce: what they were about to use is not lost.
func TestApplicationsThatGoAtOnce(t *testing.T) {
	g := open(t, signaling.Config{})
	visitor, _, _ := secureEnds(t, g, nil, nil)
	f := forward(t, visitor, "client-a", "echo")
	for range 200 {
		c := dial(t, f)
		c.SetLinger(0)
		c.Close()
	}
	if err := say(dial(t, f), "hello", "hello"); err != nil {
		t.Error(err)
	}
	p := f.live().pool
	eventually(t, 10*time.Second, "all channels but one are ready, and counted as such", func() bool {
		p.mu.Lock()
		ready := len(p.ready)
		p.mu.Unlock()
		p.reserve.mu.Lock()
		defer p.reserve.mu.Unlock()
		return ready >= p.min && ready == p.reserve.ready && p.pending == 0 && len(visitor.streams.Streams()) == 1
	})
}

// TestHere: only what comes from an address that is gone is given up.
func TestHere(t *testing.T) {
	addrs := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.168.1.2"), netip.MustParseAddr("fe80::1")}
	for addr, want := range map[string]bool{
		"192.168.1.2:4": true, "[::ffff:192.168.1.2]:4": true, "192.168.1.3:4": false,
		"127.0.0.9:4": true, "[::1]:4": true, "[fe80::1%lan]:4": true, "[fe80::2%lan]:4": false,
	} {
		if got := isHere(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr)), addrs); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
	if !isHere(&net.UnixAddr{Name: "/x"}, addrs) {
		t.Error("a unix socket is not here")
	}
}

// TestResetsAreNoBlockedPort: channels that break beside others that work do
// not send all through WebSocket.
func TestResetsAreNoBlockedPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := way{forced: Auto}
		w.works(true)
		for range 10 {
			if w.broke() {
				t.Fatal("the port counts as blocked, and the relay has just been heard")
			}
		}
		time.Sleep(relayHeard + time.Second)
		if !w.broke() {
			t.Error("the port does not count as blocked, and the relay is silent")
		}
	})
}

// TestTriesThatHang: where the relay says nothing, as one does that has paired us
// with channels that are dead, others are begun beside, one at a time and not
// without bound.
func TestTriesThatHang(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // the system accepts, nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c := New(Config{Key: newKey(t), Transport: Relay})
	defer func() {
		c.cancel()
		c.tasks.Wait()
		c.mover.Close()
	}()
	k := new(seeker)
	k.init(&Forward{c: c})
	ss := &session{role: wire.Visitor, relay: ln.Addr().String(), key: &channelKey{Key: wire.NewKey()}, done: make(chan struct{})}
	ss.tls, ss.pool = c.tlsConfig(ss), newPool(c, ss)
	trying := func() (all, slow int) {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.trying, k.slow
	}
	k.probe(ss, 40, 0)
	k.probe(ss, 40, 0)
	if n, _ := trying(); n != maxProbes {
		t.Fatalf("%d tries for 40 streams, want %d", n, maxProbes)
	}
	eventually(t, 10*time.Second, "all tries are slow", func() bool { _, slow := trying(); return slow == maxProbes })
	k.probe(ss, 40, 0)
	if n, _ := trying(); n != maxProbes+1 {
		t.Errorf("%d tries once the first are slow, want one more", n)
	}
	for range 3 * maxProbes {
		k.probe(ss, 40, 0)
	}
	if n, _ := trying(); n != 2*maxProbes {
		t.Errorf("%d tries, want no more than %d", n, 2*maxProbes)
	}
}
