// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"net/http"
	"sync"
	"testing"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

func TestQuota(t *testing.T) {
	dir := dataDir(t)
	var mu sync.Mutex
	var told []QuotaEvent
	cfg := Config{QuotaHook: func(e QuotaEvent) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, e)
	}}
	heard := func() []QuotaEvent {
		mu.Lock()
		defer mu.Unlock()
		return append([]QuotaEvent(nil), told...)
	}
	r := newRig(t, dir, cfg)
	ann, ctx := r.person("ann", store.UserLimits{MonthlyBytes: 1000}), t.Context()
	bob := r.person("bob", store.UserLimits{})
	changes, stop := r.Subscribe(ann, "")
	defer stop()
	e, other := r.endpoint(ann, "x"), r.endpoint(bob, "y")
	<-changes
	a, b, bystander := r.dial(e.ID), r.dial(e.ID), r.dial(other.ID)
	r.pass(a, b, 450) // 450 in, 450 out
	r.settle()
	if list := heard(); len(list) != 1 || list[0].Exceeded || list[0].Account != "ann" || list[0].Bytes != 900 || list[0].MonthlyBytes != 1000 {
		t.Errorf("%+v", list)
	}
	if c := <-changes; c.Kind != inventory.QuotaWarning {
		t.Errorf("%+v", c)
	}
	r.dial(e.ID)
	if u, err := r.Usage(ctx, ann); err != nil || !u.Warned || u.Exceeded || u.Bytes != 900 {
		t.Errorf("%+v, %v", u, err)
	}
	r.pass(a, b, 100)
	r.settle()
	r.closes(a, hub.CloseQuota)
	if list := heard(); len(list) != 2 || !list[1].Exceeded {
		t.Errorf("%+v", list)
	}
	if c := <-changes; c.Kind != inventory.QuotaExceeded {
		t.Errorf("%+v", c)
	}
	if _, status := r.try(e.ID, ""); status != http.StatusTooManyRequests {
		t.Errorf("%d", status)
	}
	r.pass(bystander, r.dial(other.ID), 1)
	if m, _ := r.core.Metrics(); m.Warnings != 1 || m.Exceeded != 1 || m.Spent != 1 || m.Hub.Exceeded != 1 {
		t.Errorf("%+v", m)
	}
	// It holds after a restart, without being told again.
	if err := r.core.Close(Restarting); err != nil {
		t.Fatal(err)
	}
	r = newRig(t, dir, cfg)
	if _, status := r.try(e.ID, ""); status != http.StatusTooManyRequests {
		t.Errorf("after a restart: %d", status)
	}
	if n := len(heard()); n != 2 {
		t.Errorf("told %d times", n)
	}
	_, err := r.core.Accounts().UpdateUser(ctx, account.System(), ann, 0, account.UserChanges{Limits: &store.UserLimits{MonthlyBytes: 1 << 20}}, account.From{})
	if err != nil {
		t.Fatal(err)
	}
	r.dial(e.ID)
}
