// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The kinds of faults.
const (
	reset      = "reset"           // of all channels of a client
	moved      = "client moved"    // it has another address
	renumbered = "NAT renumbered"  // its NAT box has another address
	portClosed = "port closed"     // of the relay, so that the fallback takes over
	blackHole  = "black hole"      // nothing passes a client's NAT box for 20 s
	killed     = "gateway killed"  // and started again
	stopped    = "gateway stopped" // with SIGTERM, and started again
	reloaded   = "gateway reloaded"
)

const (
	darkness = 20 * time.Second
	inLight  = 2 // pairs without a black hole, at any time
	// apart is the least time between the faults of two pairs: asking a client
	// for its streams costs the others time.
	apart = 300 * time.Millisecond
)

// fault is what hit one pair.
type fault struct {
	kind     string
	pair     int
	at       time.Time
	restored time.Time // what resumption is counted from
	unacked  bool      // bytes were not confirmed when it came
	paths    map[*place]string
}

// ordeal leads the streams of several pairs through faults, all from one seed.
// Only one goroutine deals them, so that what restores one pair is not in the
// way of another's measurement.
type ordeal struct {
	*pairs
	t      *testing.T
	random *rand.Rand
	each   int      // flows of a pair
	ssh    *session // nil: there is none
	faults []*fault
	least  time.Duration // between what one fault has done and the next
	dark   map[*pair]hole
	holes  map[*pair]int // still to come
}

// hole is a black hole that is still there.
type hole struct {
	fault   *fault
	unblock func()
}

// begin notes that a fault is about to hit these pairs.
func (o *ordeal) begin(kind string, hit ...*pair) []*fault {
	o.t.Helper()
	begun := make([]*fault, len(hit))
	var asking sync.WaitGroup
	for i, p := range hit {
		asking.Go(func() {
			bytes, paths := p.look(o.t)
			begun[i] = &fault{kind: kind, pair: p.n, unacked: bytes > 0, paths: paths}
		})
	}
	asking.Wait()
	now := time.Now()
	for _, f := range begun {
		f.at, f.restored = now, now
	}
	o.faults = append(o.faults, begun...)
	return begun
}

func restore(faults ...*fault) {
	now := time.Now()
	for _, f := range faults {
		f.restored = now
	}
}

// settle waits until all that can flow does.
func (o *ordeal) settle(after string) {
	o.t.Helper()
	const patience = 40 * time.Second
	began := time.Now()
	for _, p := range o.all {
		if _, dark := o.dark[p]; dark {
			continue
		}
		for !p.flowing(o.t, o.each, began.UnixNano()) {
			if time.Since(began) > patience {
				o.t.Fatalf("not within %v: the flows of pair %d go on after %s\n%s", patience, p.n, after, p.describe(o.t, began.UnixNano()))
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	if o.ssh != nil {
		o.ssh.stillOpen(o.t, after)
	}
	o.t.Logf("%s: all flows go on after %v", after, time.Since(began).Round(time.Millisecond))
	o.rest(o.least)
}

// rest waits for least and a random part of pace.
func (o *ordeal) rest(least time.Duration) {
	time.Sleep(least + time.Duration(o.random.Int64N(int64(pace))))
}

// links hits every pair with as many faults of the first three kinds as counts
// says, in an order of its own.
func (o *ordeal) links(counts map[string]int) {
	o.t.Helper()
	decks := make([][]string, len(o.all))
	for i := range decks {
		decks[i] = o.shuffled(counts)
	}
	for round := range decks[0] {
		what := make([]string, len(o.all))
		for i, p := range o.all {
			kind, at := decks[i][round], o.either(p)
			f := o.begin(kind, p)
			what[i] = fmt.Sprintf("%s at %s (%s)", kind, at.ns, f[0].paths[at])
			switch kind {
			case reset:
				at.reset(o.t, f[0].paths[at])
			case moved:
				at.moves(o.t)
			case renumbered:
				at.renumbered(o.t)
			}
			if kind != reset { // which leaves the line as it is
				restore(f...)
			}
			o.rest(apart)
		}
		o.settle(strings.Join(what, ", "))
	}
}

// closePort closes the relay's port to a client of each pair until the
// fallback has taken over. The gateway is killed before, for clients that use
// the fallback try the port again when they sign in.
func (o *ordeal) closePort() {
	o.t.Helper()
	o.restart(killed, time.Second, o.all)
	closed := make([]*place, len(o.all))
	reopen := make([]func(), len(o.all))
	for i, p := range o.all {
		at, how := o.either(p), "drop"
		if o.random.IntN(2) == 0 {
			how = "reject with tcp reset"
		}
		if f := o.begin(portClosed, p); f[0].paths[at] != "relay" {
			o.t.Errorf("streams at %s use %q before the port is closed", at.ns, f[0].paths[at])
		}
		closed[i], reopen[i] = at, o.block(o.t, at.nat, fmt.Sprintf("tcp dport %d %s", relayPort, how))
	}
	o.settle(portClosed)
	for i, p := range o.all {
		if _, paths := p.look(o.t); paths[closed[i]] != "websocket" {
			o.t.Errorf("streams at %s use %q while the port is closed", closed[i].ns, paths[closed[i]])
		}
		reopen[i]()
	}
}

// gateways stops and starts the gateway, or reloads it, as often as counts says,
// and lets black holes open and close meanwhile, inLight pairs always being out of
// them.
func (o *ordeal) gateways(counts map[string]int, away time.Duration) {
	o.t.Helper()
	for _, kind := range o.shuffled(counts) {
		o.turnHoles()
		var light []*pair
		for _, p := range o.all {
			if _, dark := o.dark[p]; !dark {
				light = append(light, p)
			}
		}
		o.restart(kind, away, light)
	}
	for o.turnHoles() {
		time.Sleep(pace)
	}
}

// restart is one of the gateway's faults; away is how long it is gone at most,
// apart from its start.
func (o *ordeal) restart(kind string, away time.Duration, hit []*pair) {
	o.t.Helper()
	begun := o.begin(kind, hit...)
	switch kind {
	case reloaded:
		o.gw.Reload(o.t)
	case killed:
		o.gw.Kill()
	case stopped:
		o.gw.Signal(o.t, syscall.SIGTERM)
		o.gw.Wait(o.t, 20*time.Second)
	}
	if kind != reloaded {
		time.Sleep(time.Duration(o.random.Int64N(int64(away))))
		o.returns(begun)
	}
	o.settle(kind)
}

// returns starts the gateway. It is back when both its ports are open.
func (o *ordeal) returns(faults []*fault) {
	o.t.Helper()
	open := make(chan struct{})
	go func() {
		defer close(open)
		for _, port := range []int{gatewayPort, relayPort} {
			for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
				if c, err := net.Dial("tcp", net.JoinHostPort(gatewayHost, strconv.Itoa(port))); err == nil {
					_ = c.Close()
					break
				}
			}
		}
		restore(faults...)
	}()
	o.gw.Start(o.t)
	<-open
}

// turnHoles ends black holes that are old enough and begins those that can be.
// It reports whether there are any, or will be.
func (o *ordeal) turnHoles() (more bool) {
	o.t.Helper()
	for p, h := range o.dark {
		if time.Since(h.fault.at) >= darkness {
			h.unblock()
			restore(h.fault)
			delete(o.dark, p)
			o.settle(blackHole)
		}
	}
	for _, p := range o.all {
		if _, dark := o.dark[p]; !dark && o.holes[p] > 0 && len(o.dark) < len(o.all)-inLight {
			f := o.begin(blackHole, p)
			o.dark[p] = hole{fault: f[0], unblock: o.block(o.t, o.either(p).nat, "drop")}
			o.holes[p]--
		}
		more = more || o.holes[p] > 0
	}
	return more || len(o.dark) > 0
}

// blackOut has count black holes, one at a time.
func (o *ordeal) blackOut(count int) {
	o.t.Helper()
	for range count {
		p := o.all[o.random.IntN(len(o.all))]
		f := o.begin(blackHole, p)
		unblock := o.block(o.t, o.either(p).nat, "drop")
		time.Sleep(darkness)
		unblock()
		restore(f...)
		o.settle(blackHole)
	}
}

// either end of a pair.
func (o *ordeal) either(p *pair) *place {
	if o.random.IntN(2) == 0 {
		return p.visitor
	}
	return p.provider
}

// shuffled is a deck of kinds.
func (o *ordeal) shuffled(counts map[string]int) []string {
	var deck []string
	for _, kind := range []string{reset, moved, renumbered, killed, stopped, reloaded} {
		for range counts[kind] {
			deck = append(deck, kind)
		}
	}
	o.random.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	return deck
}
