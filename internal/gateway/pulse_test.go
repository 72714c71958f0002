// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
)

func TestHistory(t *testing.T) {
	dir := dataDir(t)
	r := newRig(t, dir, Config{})
	ann, ctx := r.person("ann", store.UserLimits{}), t.Context()
	one, two := r.endpoint(ann, "one"), r.endpoint(ann, "two")
	a, b := r.dial(one.ID), r.dial(one.ID)
	c, d := r.dial(two.ID), r.dial(two.ID)
	r.pass(a, b, 100)
	r.pass(c, d, 10)
	r.settle()
	if err := r.core.Close(Restarting); err != nil { // writes the minute under way
		t.Fatal(err)
	}
	r = newRig(t, dir, Config{})
	a, b = r.dial(one.ID), r.dial(one.ID)
	r.pass(a, b, 1000)
	r.settle()
	r.b.pulse.roll.turn()
	if err := r.b.pulse.write(); err != nil {
		t.Fatal(err)
	}
	sum := func(q inventory.HistoryQuery) (p inventory.Point) {
		for _, x := range r.history(ann, q) {
			p.Connections += x.Connections
			p.BytesIn += x.BytesIn
			p.BytesOut += x.BytesOut
			p.MessagesIn += x.MessagesIn
			p.Peak = max(p.Peak, x.Peak)
		}
		return p
	}
	for _, res := range []time.Duration{time.Minute, time.Hour} {
		got := sum(inventory.HistoryQuery{Kind: "endpoint", Subject: one.ID, Resolution: res})
		if want := (inventory.Point{Connections: 4, BytesIn: 1100, BytesOut: 1100, MessagesIn: 2, Peak: 2}); got != want {
			t.Errorf("endpoint, %v: %+v", res, got)
		}
		got = sum(inventory.HistoryQuery{Kind: "user", Of: ann, Resolution: res})
		if want := (inventory.Point{Connections: 6, BytesIn: 1110, BytesOut: 1110, MessagesIn: 3, Peak: 4}); got != want {
			t.Errorf("account, %v: %+v", res, got)
		}
	}
	if u, err := r.Usage(ctx, ann); err != nil || u.Bytes != 2220 || u.Month != monthOf(time.Now()) {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := r.History(ctx, ann, inventory.HistoryQuery{Kind: "weather", Resolution: time.Minute}); !isCode(err, account.CodeInvalid) {
		t.Errorf("%v", err)
	}
}

func TestLiveAndLoad(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	ann, bob, ctx := r.person("ann", store.UserLimits{}), r.person("bob", store.UserLimits{}), t.Context()
	busy, quiet, others := r.endpoint(ann, "busy"), r.endpoint(ann, "quiet"), r.endpoint(bob, "x")
	a, b := r.dial(busy.ID), r.dial(busy.ID)
	r.dial(others.ID)
	at := time.Now()
	r.b.pulse.look(at)
	for range 20 {
		r.pass(a, b, 100)
		r.quiet()
		at = at.Add(time.Second)
		r.b.pulse.look(at)
	}
	live := r.Live(ann)
	if live.Connections != 2 || len(live.Endpoints) != 2 || live.Endpoints[0].ID != busy.ID || live.Endpoints[1].ID != quiet.ID || live.Endpoints[0].MessagesIn != 20 {
		t.Errorf("%+v", live)
	}
	// The pulse of its own may have looked in between.
	for _, r := range []float64{live.Rates.BytesIn, live.Rates.BytesOut} {
		if r < 20 || r > 200 {
			t.Errorf("%+v", live.Rates)
		}
	}
	if live := r.Live(bob); live.Connections != 1 || live.Rates.BytesIn != 0 {
		t.Errorf("%+v", live)
	}
	if live := r.Live(inventory.All); live.Connections != 3 || len(live.Endpoints) != 3 {
		t.Errorf("%+v", live)
	}
	for range 40 {
		at = at.Add(time.Second)
		r.b.pulse.look(at)
	}
	if live := r.Live(ann); live.Rates != (inventory.Rates{}) {
		t.Errorf("at rest: %+v", live.Rates)
	}
	l, err := r.Load(ctx)
	if err != nil || l.Connections != 3 || l.Endpoints != 3 || l.Goroutines == 0 || l.Cores == 0 || l.Heap == 0 || l.StartedAt.IsZero() {
		t.Errorf("%+v, %v", l, err)
	}
	if _, ok := processStat(); ok && (l.CPUSeconds <= 0 || l.Memory == 0) {
		t.Errorf("%+v", l)
	}
}

// TestRateFollows: a steady flow is shown as what it is.
func TestRateFollows(t *testing.T) {
	var r rate
	for range 20 {
		r.add(500, 0.5)
	}
	if r < 999 || r > 1001 {
		t.Errorf("%v", r)
	}
	r.add(1, 0) // no time has gone
	for range 40 {
		r.add(0, 1)
	}
	if r != 0 {
		t.Errorf("%v at rest", r)
	}
}

func TestSinceAnEndpointThatCameBack(t *testing.T) {
	was := hub.Stats{TotalConnections: 9, MessagesIn: 5, BytesIn: 50, BytesOut: 70}
	now := hub.Stats{TotalConnections: 1, MessagesIn: 6, BytesIn: 60, BytesOut: 80}
	if d := since(was, now); d.TotalConnections != 1 || d.BytesIn != 60 {
		t.Errorf("%+v", d)
	}
	now.TotalConnections = 10
	if d := since(was, now); d.TotalConnections != 1 || d.BytesIn != 10 || d.BytesOut != 10 {
		t.Errorf("%+v", d)
	}
}

// away is a database that cannot be reached while it is broken.
type away struct {
	broken bool
	rows   []store.Rollup
	used   map[string]map[int64]uint64
}

var errAway = errors.New("away")

func (a *away) AddRollups(_ context.Context, rows []store.Rollup) error {
	if a.broken {
		return errAway
	}
	a.rows = append(a.rows, rows...)
	return nil
}

func (a *away) AddUsage(_ context.Context, month string, bytes map[int64]uint64) error {
	if a.broken {
		return errAway
	}
	for user, n := range bytes {
		if a.used[month] == nil {
			a.used[month] = make(map[int64]uint64)
		}
		a.used[month][user] += n
	}
	return nil
}

func TestHistoryWaitsForTheDatabase(t *testing.T) {
	db := &away{broken: true, used: make(map[string]map[int64]uint64)}
	at := time.Date(2026, 11, 30, 23, 59, 30, 0, time.UTC)
	p := &pulse{store: db, roll: newRollups(at)}
	add := func(n uint64) {
		at = at.Add(time.Minute)
		p.roll.tick(at)
		p.roll.endpoint("e", 1, hub.Stats{BytesIn: n, TotalConnections: 1}, 3)
		p.roll.use(1, n)
	}
	p.roll.endpoint("e", 1, hub.Stats{BytesIn: 1}, 1)
	p.roll.use(1, 1)
	if err := p.write(); err != nil || len(db.rows) != 0 {
		t.Errorf("an unfinished minute: %v, %v", db.rows, err)
	}
	add(10)
	if err := p.write(); !errors.Is(err, errAway) {
		t.Errorf("%v", err)
	}
	add(100)
	p.roll.rename("e", "f")
	db.broken = false
	if err := p.write(); err != nil {
		t.Fatal(err)
	}
	p.roll.turn()
	if err := p.write(); err != nil {
		t.Fatal(err)
	}
	sum := uint64(0)
	for _, row := range db.rows {
		if row.Kind == kindUser {
			continue
		}
		if sum += row.BytesIn; row.Subject != "f" {
			t.Errorf("%+v", row)
		}
	}
	if sum != 111 || len(db.rows) != 6 || db.used["2026-11"][1] != 1 || db.used["2026-12"][1] != 110 {
		t.Errorf("%d, %+v, %v", sum, db.rows, db.used)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	r := newRollups(time.Now())
	r.full = make([]store.Rollup, maxUnwritten-1)
	for _, id := range []hub.ID{"a", "b"} {
		r.endpoint(id, 1, hub.Stats{BytesIn: 1}, 0)
	}
	r.turn() // two endpoints and their account
	if len(r.full) != maxUnwritten || r.lost != 2 {
		t.Errorf("%d, %d lost", len(r.full), r.lost)
	}
	rows, _ := r.due()
	r.full = make([]store.Rollup, 10)
	r.restore(rows)
	if len(r.full) != maxUnwritten || r.lost != 12 {
		t.Errorf("%d, %d lost", len(r.full), r.lost)
	}
}

func TestFlowsAreOfBothAccounts(t *testing.T) {
	r := newRollups(time.Now())
	r.flow(signaling.Flow{
		Visitor: signaling.Account{ID: 2}, Provider: signaling.Account{ID: 1}, Client: "nas", Service: "web",
		Sessions: 1, Up: 10, Down: 20,
	})
	r.flow(signaling.Flow{
		Visitor: signaling.Account{ID: 1}, Provider: signaling.Account{ID: 1}, Client: "nas", Service: "web", Up: 1,
	})
	r.turn()
	var got []string
	for _, row := range r.full {
		got = append(got, row.Kind+" "+row.Subject)
		want := map[string][3]uint64{"1/nas/web": {11, 20, 1}, "1": {11, 20, 0}, "2": {10, 20, 0}}[row.Subject]
		if [3]uint64{row.BytesIn, row.BytesOut, row.Connections} != want {
			t.Errorf("%+v", row)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, []string{"service 1/nas/web", "user 1", "user 2"}) {
		t.Errorf("%v", got)
	}
}
