// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/test/process"
)

// The share of chunks that may come later than this while something else
// stands still is what a busy machine does by itself.
const undisturbed = 250 * time.Millisecond

// TestOneStops: of 64 streams between two clients, one application stops
// reading until all buffers before it are full. The others do not notice, and
// no way is given up.
func TestOneStops(t *testing.T) {
	const streams, frozen = 64, 0 // a bulk one
	seed := seedOf(t)
	r := newPairs(t, 1, nil, "")
	p := r.all[0]
	p.run(t, r.gw, seed, 0, streams)
	before := received(p.serve.reports(t))
	p.serve.freeze(t, frozen, true)
	from := time.Now()
	time.Sleep(time.Duration(size(20, 60)) * time.Second)
	to := time.Now()
	after := p.serve.reports(t)
	p.serve.freeze(t, frozen, false)
	for id, now := range received(after) {
		most := float64(chunkSize) * to.Sub(from).Seconds() / pace.Seconds()
		if got := now - before[id]; id != frozen && float64(got) < 0.8*most {
			t.Errorf("flow %d has received %d bytes, of %.0f", id, got, most)
		}
	}
	for _, c := range []*process.Client{p.road, p.home} {
		for _, s := range c.Status(t).Streams {
			if s.Resumptions > 0 {
				t.Errorf("stream %s with %s was resumed: %s", s.ID, s.Peer, s.LastFault)
			}
		}
	}
	ends := stopFlows(t, time.Minute, p.dial, p.serve)
	compare(t, streams, ends[0], ends[1])
	disturbed(t, from, to, ends...)
}

func received(all []flowReport) map[uint32]int64 {
	by := make(map[uint32]int64)
	for _, r := range all {
		by[r.ID] = r.Received
	}
	return by
}

// disturbed fails if chunks of paced flows were late.
func disturbed(t *testing.T, from, to time.Time, ends ...[]flowReport) {
	t.Helper()
	var waits []time.Duration
	for _, end := range ends {
		for _, r := range end {
			if r.Bulk {
				continue
			}
			f := fault{restored: from}
			worst := time.Duration(0)
			for _, l := range r.Late {
				if l.First >= f.restored.UnixMicro() && l.Came <= to.UnixMicro() {
					worst = max(worst, time.Duration(l.Came-l.First)*time.Microsecond)
				}
			}
			waits = append(waits, worst)
		}
	}
	slices.Sort(waits)
	t.Logf("longest waits of %d flows: p50 %v, p90 %v, max %v", len(waits), quantile(waits, 0.5), quantile(waits, 0.9), quantile(waits, 1))
	if p := quantile(waits, 0.9); p > undisturbed {
		t.Errorf("of nine in ten flows the longest wait was %v, want %v", p, undisturbed)
	}
}

// TestOneVanishes: a provider stops in the middle, with full buffers, and is
// then killed. The visitor's streams to another one go on, and those to the
// one that has gone are reset when another process comes in its place.
func TestOneVanishes(t *testing.T) {
	const streams = 40
	seed := seedOf(t)
	r := newPairs(t, 2, nil, "")
	gone, left := r.all[0], r.all[1]
	address := func(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
	for _, p := range r.all {
		p.serve = startFlows(t, p.provider.ns, "flow-serve", address(flowPort), seed)
		home := fmt.Sprintf("home-%d", p.n)
		p.home = process.StartClient(t, process.ClientConfig{
			Wrap: in(p.provider.ns), Programs: programs, Token: r.gw.Token(t, home), ServerURL: r.gw.URL(), ClientID: home,
			Services: []process.Service{{ID: "flows", Protocol: "tcp", LocalPort: flowPort}},
		})
		p.home.Online(t, 20*time.Second)
	}
	road := process.StartClient(t, process.ClientConfig{
		Wrap: in(gone.visitor.ns), Programs: programs, Token: r.gw.Token(t, "road"), ServerURL: r.gw.URL(), ClientID: "road",
		Connects: []process.Connect{
			{Target: "home-0", Service: "flows", Local: address(flowPort)},
			{Target: "home-1", Service: "flows", Local: address(flowPort + 1)},
		},
	})
	road.Online(t, 20*time.Second)
	for _, p := range r.all {
		p.dial = startFlows(t, gone.visitor.ns, "flow-dial", address(flowPort+p.n), seed, fmt.Sprint(p.n*streams), fmt.Sprint(streams))
		process.Until(t, 30*time.Second, func() bool { return p.flowing(t, streams, 0) }, "flows of pair %d move", p.n)
	}

	from := time.Now()
	gone.home.Signal(t, syscall.SIGSTOP)
	time.Sleep(time.Duration(size(10, 30)) * time.Second)
	gone.home.Kill()
	time.Sleep(time.Duration(size(5, 30)) * time.Second)
	to := time.Now()
	gone.home.Start(t)
	process.Until(t, 30*time.Second, func() bool {
		failed := gone.dial.state(t, 0).Failed
		resets := 0
		for _, f := range failed {
			if strings.Contains(f, "reset") || strings.Contains(f, "broken pipe") {
				resets++
			}
		}
		return resets == streams
	}, "all streams to the process that was killed are reset")

	ends := stopFlows(t, time.Minute, left.dial, left.serve)
	compare(t, streams, ends[0], ends[1])
	disturbed(t, from, to, ends...)
}
