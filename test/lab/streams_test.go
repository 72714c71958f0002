// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/culvertd/culvert/test/process"
)

// TestStreamsSurvive: streams in both directions go on through everything that
// can happen to their way, and every byte arrives once and in its place: 200
// streams through 200 faults, at least 20 of each kind; in soak runs 1,000
// through 500. Among them is a session over ssh. How long it takes is printed;
// it says more of the machine, on which all clients and flows are processes.
func TestStreamsSurvive(t *testing.T) {
	need(t, "sshd", "ssh")
	const of = 5 // pairs
	o := newOrdeal(t, of, int(size(200, 1000))/of, process.Service{ID: "ssh", Protocol: "tcp", LocalPort: sshPort})
	for _, p := range o.all {
		o.holes[p] = int(size(4, 10))
	}
	remote := &apps{network: o.network, dir: t.TempDir()}
	remote.startSSH(t, o.all[0].provider.ns)
	o.ssh = remote.startSession(t, o.all[0].visitor.ns, localPort+1)
	o.links(map[string]int{reset: int(size(5, 20)), moved: int(size(5, 20))})
	o.links(map[string]int{renumbered: int(size(4, 10))}) // which take longer
	for range size(4, 10) {
		o.closePort()
	}
	o.gateways(map[string]int{
		killed: int(size(16, 40)), stopped: int(size(20, 50)), reloaded: int(size(50, 50)),
	}, time.Duration(size(2, 10))*time.Second)
	o.ssh.end(t)
	took := o.finish(kinds...)
	for _, kind := range kinds {
		if p99 := quantile(took[kind], 0.99); p99 > longest {
			t.Errorf("%s: 99 of 100 resume within %v, want %v", kind, p99, longest)
		}
	}
}

// longest that resumption may take on a machine that compiles as well.
const longest = 15 * time.Second

// TestResumption measures how soon streams go on, with a machine for itself: 40
// of one pair, which all are hit at once.
func TestResumption(t *testing.T) {
	if os.Getenv("CULVERT_SOAK") == "" {
		t.Skip("it needs a machine for itself: make soak")
	}
	limits := map[string]time.Duration{ // of the 99th percentile; a round trip takes less than a millisecond here
		reset: 250 * time.Millisecond, moved: 250 * time.Millisecond,
		blackHole: 2 * time.Second, killed: 2 * time.Second, stopped: 2 * time.Second, reloaded: 2 * time.Second,
	}
	// One chunk in five times the time would be one in five delays unseen.
	t.Setenv("CULVERT_SOAK", "") // for the processes of the flows
	slow := pace
	pace = 200 * time.Millisecond
	t.Cleanup(func() { pace = slow })
	o := newOrdeal(t, 1, 40)
	// A client that loses what it has found within a second, more than ten times
	// in a row, looks for it less often (tunnel's backoff): here it is to hold.
	o.least = time.Second
	o.links(map[string]int{reset: 25, moved: 25})
	o.gateways(map[string]int{killed: 22, stopped: 22, reloaded: 20}, 10*time.Second)
	o.blackOut(20)
	took := o.finish(slices.Collect(maps.Keys(limits))...)
	for kind, limit := range limits {
		if p99 := quantile(took[kind], 0.99); p99 > limit {
			t.Errorf("%s: 99 of 100 resume within %v, want %v", kind, p99, limit)
		}
	}
}

// newOrdeal starts pairs of clients with flows, and with services.
func newOrdeal(t *testing.T, count, each int, services ...process.Service) *ordeal {
	t.Helper()
	seed := seedOf(t)
	o := &ordeal{
		pairs: newPairs(t, count, nil, quickHeartbeats), t: t,
		random: rand.New(rand.NewPCG(seed, 1)), each: each,
		dark: make(map[*pair]hole), holes: make(map[*pair]int),
	}
	for i, p := range o.all {
		p.run(t, o.gw, seed, i*each, each, services...)
	}
	return o
}

// finish ends all flows, compares what they say with what must be, and returns
// how long resumption took, sorted. Each of the kinds must have hit 20 times while
// bytes were under way.
func (o *ordeal) finish(kinds ...string) map[string][]time.Duration {
	o.t.Helper()
	reports := make(map[int][][]flowReport)
	for _, p := range o.all {
		reports[p.n] = stopFlows(o.t, time.Minute, p.dial, p.serve)
		compare(o.t, o.each, reports[p.n][0], reports[p.n][1])
	}
	took := resumptions(o.faults, reports)
	for _, all := range took {
		slices.Sort(all)
	}
	o.t.Logf("resumption, counted from the restore, of the directions of all streams:\n%s", histogram(o.faults, took))
	unacked := count(o.faults, hasUnacked)
	const least = 20
	for _, kind := range kinds {
		if unacked[kind] < least {
			o.t.Errorf("%s: only %d have hit while bytes were unacknowledged, want %d", kind, unacked[kind], least)
		}
	}
	return took
}

// compare checks that both ends of all flows ended well and that one has
// received what the other has sent.
func compare(t *testing.T, count int, a, b []flowReport) {
	t.Helper()
	if len(a) != count || len(b) != count {
		t.Errorf("%d and %d flows have ended, want %d", len(a), len(b), count)
	}
	others := make(map[uint32]flowReport)
	for _, r := range b {
		others[r.ID] = r
	}
	for _, r := range a {
		other := others[r.ID]
		if r.Error != "" || other.Error != "" {
			t.Errorf("flow %d: %q at the visitor, %q at the provider", r.ID, r.Error, other.Error)
		}
		if r.Sent != other.Received || r.Received != other.Sent || r.Sent == 0 || r.Received == 0 {
			t.Errorf("flow %d: %d bytes sent and %d received there, %d sent back and %d received",
				r.ID, r.Sent, other.Received, other.Sent, r.Received)
		}
	}
}

// seedOf returns the seed of a test's random choices, which CULVERT_SEED sets.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("CULVERT_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("CULVERT_SEED=%d", seed)
	return seed
}
