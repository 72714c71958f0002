// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"slices"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/store"
)

func TestEffectiveLimits(t *testing.T) {
	for _, tc := range []struct{ own, all, builtIn, want int }{
		{0, 0, 5, 5}, {0, 3, 5, 3}, {7, 3, 5, 7}, {-1, 3, 5, 0}, {0, -1, 5, 0}, {0, 0, 0, 0},
	} {
		if got := effective(tc.own, tc.all, tc.builtIn); got != tc.want {
			t.Errorf("%+v: %d", tc, got)
		}
	}
}

func TestLedgerKnowsOwners(t *testing.T) {
	l := newLedger()
	l.put(store.User{ID: 1, Name: "ann"})
	l.own("a", 1)
	l.own("b", 1)
	l.own("b", 0) // moved
	if ids := l.of(1); !slices.Equal(ids, []hub.ID{"a"}) || len(l.of(0)) != 1 {
		t.Errorf("%v, %v", ids, l.of(0))
	}
	l.disown("a")
	l.disown("never")
	if _, known := l.ownerOf("a"); known || len(l.of(1)) != 0 {
		t.Error("still owned")
	}
	if _, ok := l.group(1); !ok {
		t.Error("not usable")
	}
	l.put(store.User{ID: 1, Name: "ann", DisabledAt: time.Now()})
	if _, ok := l.group(1); ok {
		t.Error("usable though disabled")
	}
	if _, ok := l.group(9); ok {
		t.Error("a stranger's endpoints are usable")
	}
	if l.name(1) != "ann" || l.name(0) != "" || l.name(9) != "" {
		t.Error("names")
	}
}

func TestLimitsOfAccounts(t *testing.T) {
	l := newLedger()
	l.put(store.User{ID: 1})
	l.put(store.User{ID: 2, Limits: store.UserLimits{Endpoints: 9, Clients: -1}})
	if l.endpointLimit(1) != 5 || l.endpointLimit(2) != 9 || l.endpointLimit(0) != 0 {
		t.Error("endpoints", l.endpointLimit(1), l.endpointLimit(2), l.endpointLimit(0))
	}
	if l.tunnelLimits(1).Clients != 20 || l.tunnelLimits(2).Clients != -1 || l.tunnelLimits(0).Clients != -1 {
		t.Error("clients")
	}
}

func TestQuotaIsJudged(t *testing.T) {
	l := newLedger()
	l.put(store.User{ID: 1, Name: "ann", Limits: store.UserLimits{MonthlyBytes: 1000}})
	l.put(store.User{ID: 2})
	now := time.Date(2026, 11, 30, 23, 59, 0, 0, time.UTC)
	l.spend(now, nil) // makes it that month
	spend := func(n uint64) []verdict { return l.spend(now, map[int64]uint64{1: n, 2: 1 << 40, 0: 1 << 40, 77: 1}) }
	if list := spend(799); len(list) != 0 {
		t.Errorf("at 799: %+v", list)
	}
	want := QuotaEvent{Account: "ann", Month: "2026-11", Bytes: 800, MonthlyBytes: 1000}
	if list := spend(1); len(list) != 1 || list[0].QuotaEvent != want || list[0].user != 1 {
		t.Errorf("at 800: %+v", list)
	}
	if list := spend(199); len(list) != 0 || l.tunnelQuota(1) != nil {
		t.Errorf("at 999: %+v", list)
	}
	want.Bytes, want.Exceeded = 1000, true
	if list := spend(1); len(list) != 1 || list[0].QuotaEvent != want || l.tunnelQuota(1) == nil {
		t.Errorf("at 1000: %+v", list)
	}
	if list := spend(5); len(list) != 0 {
		t.Errorf("told twice: %+v", list)
	}
	if l.warnings != 1 || l.exceeded != 1 {
		t.Errorf("%d warnings, %d exceeded", l.warnings, l.exceeded)
	}
	// A higher quota helps at once, and a lower one hurts at once.
	l.put(store.User{ID: 1, Name: "ann", Limits: store.UserLimits{MonthlyBytes: 5000}})
	if list := l.rejudge(); len(list) != 0 || l.tunnelQuota(1) != nil {
		t.Errorf("raised: %+v", list)
	}
	l.put(store.User{ID: 1, Name: "ann", Limits: store.UserLimits{MonthlyBytes: 10}})
	if list := l.rejudge(); len(list) != 1 || !list[0].Exceeded {
		t.Errorf("lowered: %+v", list)
	}
	now = now.Add(time.Minute)
	if list := spend(1); len(list) != 0 || l.tunnelQuota(1) != nil || l.holders[1].used != 1 {
		t.Errorf("a new month: %+v, %d used", list, l.holders[1].used)
	}
}
