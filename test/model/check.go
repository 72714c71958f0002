// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package model

import (
	"errors"
	"time"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/wstest"
)

// check compares what the connections saw with what the witness saw, which is
// the endpoint's sequence, and the counters with each other.
func (r *run) check(witness *record, before hub.Stats) {
	if ce, ok := errors.AsType[*wstest.CloseError](witness.end); !ok || ce.Code != 1000 {
		r.t.Errorf("the witness ended with %v", witness.end)
	}
	at := make(map[entry]int, len(witness.saw))
	last := map[uint32]uint32{}
	for i, e := range witness.saw {
		if e.seq != last[e.sender]+1 {
			r.t.Fatalf("sender %d: message %d after %d", e.sender, e.seq, last[e.sender])
		}
		last[e.sender] = e.seq
		at[e] = i
	}
	for id, seq := range last {
		if seq > r.wrote[id] {
			r.t.Errorf("sender %d: message %d came, but it sent %d", id, seq, r.wrote[id])
		}
	}
	for _, rec := range r.records {
		r.checkRecord(rec, witness.saw, at)
	}
	r.checkStats(before, uint64(len(witness.saw)))
}

// checkRecord holds that a connection saw one unbroken part of the sequence,
// less its own messages.
func (r *run) checkRecord(rec *record, all []entry, at map[entry]int) {
	if len(rec.saw) == 0 {
		return
	}
	i, ok := at[rec.saw[0]]
	if !ok {
		r.t.Fatalf("a message that the witness has not: %+v", rec.saw[0])
	}
	for _, e := range rec.saw {
		if e.sender == rec.sender {
			r.t.Fatalf("sender %d got its own message %d", e.sender, e.seq)
		}
		for i < len(all) && all[i].sender == rec.sender && rec.sender != 0 {
			i++
		}
		if i >= len(all) || all[i] != e {
			r.t.Fatalf("at %d of the sequence: got %+v", i, e)
		}
		i++
	}
}

// checkStats holds that the books balance to the unit when all have left.
func (r *run) checkStats(before hub.Stats, accepted uint64) {
	var s hub.Stats
	for range 1000 {
		if s = r.Stats(); s.Connections == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if s.Connections != 0 {
		r.t.Errorf("%d connections are left", s.Connections)
	}
	if got := s.MessagesIn - before.MessagesIn; got != accepted {
		r.t.Errorf("%d messages accepted, the witness saw %d", got, accepted)
	}
	if s.Eligible != s.MessagesOut+s.Dropped.Total()+s.Queued {
		r.t.Errorf("%d eligible, but %d delivered + %d dropped + %d queued", s.Eligible, s.MessagesOut, s.Dropped.Total(), s.Queued)
	}
	var saw uint64
	for _, rec := range r.records {
		saw += uint64(len(rec.saw))
	}
	saw += accepted // by the witness
	if out := s.MessagesOut - before.MessagesOut; saw > out {
		r.t.Errorf("%d messages arrived, but %d were delivered", saw, out)
	}
	r.t.Logf("eligible %d = delivered %d + dropped %+v + queued %d; %d arrived",
		s.Eligible, s.MessagesOut, s.Dropped, s.Queued, saw)
}
