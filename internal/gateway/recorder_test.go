// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/store"
)

// testRecorder returns a recorder that has not started, its store, and what
// it logs.
func testRecorder(t *testing.T) (*recorder, *store.Store, *observer.ObservedLogs) {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "culvert.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	core, logs := observer.New(zap.InfoLevel)
	log := zap.New(core)
	return newRecorder(s, func() *zap.Logger { return log }), s, logs
}

const testID = "AAAAAAAAAAAAAAAAAAAAAA"

func nothing(func(hub.ID, hub.Stats) bool) {}

func TestRecorderNeverBlocksAndCountsWhatItDrops(t *testing.T) {
	r, s, logs := testRecorder(t)
	for i := range queueSize + 100 {
		r.Record(hub.Event{Kind: hub.Connected, Time: time.Now(), Endpoint: testID, Conn: uint64(i)})
	}
	if n := r.dropped.Load(); n != 100 {
		t.Errorf("%d dropped, want 100", n)
	}
	r.start(nothing, Forever)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	events, err := s.Connections(t.Context(), testID, queueSize+100)
	if err != nil || len(events) != queueSize {
		t.Errorf("%d events, %v", len(events), err)
	}
	for deadline := time.Now().Add(5 * time.Second); logs.FilterMessage("connection log is incomplete").Len() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("nothing logged")
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.dropped.Add(1)
	time.Sleep(2 * eventsEvery)
	if n := logs.FilterMessage("connection log is incomplete").Len(); n != 1 {
		t.Errorf("logged %d times in a minute", n)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Flush(t.Context()); err == nil {
		t.Error("flushed after Close")
	}
}

func TestRecorderGivesUpWhatTheStoreRefuses(t *testing.T) {
	r, s, _ := testRecorder(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r.start(nothing, Forever)
	r.Record(hub.Event{Kind: hub.Connected, Endpoint: testID})
	if err := r.Flush(t.Context()); err == nil {
		t.Error("no error from a closed store")
	}
	for deadline := time.Now().Add(5 * time.Second); r.dropped.Load() != 1; {
		if time.Now().After(deadline) {
			t.Fatalf("%d dropped", r.dropped.Load())
		}
		time.Sleep(10 * time.Millisecond)
	}
	_ = r.Close()
}

func TestCountersAreWrittenOnce(t *testing.T) {
	r, s, _ := testRecorder(t)
	if err := s.CreateEndpoint(t.Context(), store.Endpoint{ID: testID}); err != nil {
		t.Fatal(err)
	}
	at := time.UnixMilli(1_700_000_000_000).UTC()
	now := map[hub.ID]hub.Stats{testID: {
		TotalConnections: 3, MessagesIn: 5, BytesIn: 50, MessagesOut: 9, BytesOut: 90,
		Dropped: hub.Drops{Slow: 1, Closed: 2, Kicked: 3}, LastActive: at,
	}}
	r.counters.each = func(f func(hub.ID, hub.Stats) bool) {
		for id, st := range now {
			if !f(id, st) {
				return
			}
		}
	}
	for range 3 {
		if err := r.writeCounters(); err != nil {
			t.Fatal(err)
		}
	}
	want := store.EndpointStats{
		TotalConnections: 3, MessagesIn: 5, BytesIn: 50, MessagesOut: 9, BytesOut: 90,
		DroppedSlow: 1, DroppedClosed: 2, DroppedKicked: 3,
	}
	check := func() {
		t.Helper()
		e, err := s.Endpoint(t.Context(), testID)
		if err != nil || e.Stats != want || !e.LastActiveAt.Equal(at) {
			t.Errorf("%+v, %v; want %+v", e, err, want)
		}
		if got := r.totals.get(); got != want {
			t.Errorf("totals %+v, want %+v", got, want)
		}
	}
	check()

	st := now[testID]
	st.MessagesIn++
	now[testID] = st
	want.MessagesIn++
	if err := r.writeCounters(); err != nil {
		t.Fatal(err)
	}
	check()

	// A deleted endpoint's totals stay, and one that is new begins at zero.
	delete(now, testID)
	if err := r.writeCounters(); err != nil {
		t.Fatal(err)
	}
	check()
	if len(r.counters.written) != 0 {
		t.Errorf("%d endpoints remembered", len(r.counters.written))
	}
}

func TestCountersThatWereNotWrittenComeAgain(t *testing.T) {
	c := counters{each: func(f func(hub.ID, hub.Stats) bool) { f(testID, hub.Stats{MessagesIn: 4}) }}
	for range 2 {
		if d := c.collect(); len(d) != 1 || d[0].MessagesIn != 4 {
			t.Errorf("%+v", d)
		}
	}
	c.commit()
	if d := c.collect(); len(d) != 0 {
		t.Errorf("%+v", d)
	}
}

func TestRetention(t *testing.T) {
	for _, tc := range []struct {
		retention time.Duration
		left      int
	}{{time.Hour, 1}, {Forever, 2}} {
		r, s, _ := testRecorder(t)
		err := s.AppendConnections(t.Context(), []store.ConnectionEvent{
			{Kind: store.Connected, Time: time.Now().Add(-2 * time.Hour), EndpointID: testID},
			{Kind: store.Connected, Time: time.Now(), EndpointID: testID},
		})
		if err != nil {
			t.Fatal(err)
		}
		r.start(nothing, tc.retention)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if events, err := s.Connections(t.Context(), testID, 10); err != nil || len(events) != tc.left {
			t.Errorf("%v: %d lines left, %v; want %d", tc.retention, len(events), err, tc.left)
		}
	}
}
