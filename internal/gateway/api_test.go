// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

func TestEndpointsBelongToAccounts(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	ann, bob := r.person("ann", store.UserLimits{}), r.person("bob", store.UserLimits{Endpoints: -1})
	var mine inventory.Endpoint
	for i := range 5 {
		mine = r.endpoint(ann, "mine "+string(rune('a'+i)))
	}
	if mine.Owner != "ann" || mine.OwnerID != ann || mine.Version == 0 || mine.Private || mine.Settings.Origins == nil {
		t.Errorf("%+v", mine)
	}
	_, err := r.CreateEndpoint(t.Context(), ann, "", inventory.EndpointSettings{})
	if !isCode(err, account.CodeLimitReached) {
		t.Errorf("the sixth: %v", err)
	}
	for range 6 {
		r.endpoint(bob, "bob's")
	}
	operators := r.endpoint(inventory.Operator, "the operator's")

	count := func(scope int64, search string) (n int) {
		p := store.Page{Limit: 3}
		for {
			list, next, err := r.Endpoints(t.Context(), scope, search, p)
			if err != nil || len(list) > 3 {
				t.Fatal(list, err)
			}
			n += len(list)
			if p.After = next; next == "" {
				return n
			}
		}
	}
	for _, tc := range []struct {
		scope  int64
		search string
		want   int
	}{{ann, "", 5}, {bob, "", 6}, {inventory.Operator, "", 1}, {inventory.All, "", 12}, {ann, "mine c", 1}, {ann, "bob", 0}} {
		if n := count(tc.scope, tc.search); n != tc.want {
			t.Errorf("%+v: %d", tc, n)
		}
	}
	for _, search := range []string{"a\x00", "\xff"} {
		if n := count(inventory.All, search); n != 0 {
			t.Errorf("%q: %d", search, n)
		}
	}
	if _, err := r.Endpoint(t.Context(), inventory.All, operators.ID); err != nil {
		t.Error(err)
	}
	if _, err := r.CreateEndpoint(t.Context(), bob, "a\nb", inventory.EndpointSettings{MaxConnections: -1}); err == nil {
		t.Error("a bad name")
	} else if e := (*control.Error)(nil); !errors.As(err, &e) || len(e.Details) != 2 {
		t.Errorf("%v", err)
	}
}

// TestOthersDoNotExist tries everything with another's endpoint.
func TestOthersDoNotExist(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	ann, bob := r.person("ann", store.UserLimits{}), r.person("bob", store.UserLimits{})
	e, ctx := r.endpoint(ann, "x"), t.Context()
	ws := r.dial(e.ID)
	for _, id := range []string{e.ID, "nonsense", strings.Repeat("A", 22)} {
		for name, f := range map[string]func() error{
			"get":    func() error { _, err := r.Endpoint(ctx, bob, id); return err },
			"update": func() error { _, err := r.UpdateEndpoint(ctx, bob, id, 0, inventory.EndpointChanges{}); return err },
			"delete": func() error { return r.DeleteEndpoint(ctx, bob, id, 0) },
			"rotate": func() error { _, err := r.RotateEndpoint(ctx, bob, id); return err },
			"key":    func() error { _, _, err := r.NewEndpointKey(ctx, bob, id); return err },
			"public": func() error { _, err := r.DropEndpointKey(ctx, bob, id); return err },
			"ticket": func() error { _, _, err := r.EndpointTicket(ctx, bob, id); return err },
			"list":   func() error { _, _, err := r.Connections(ctx, bob, id, store.Page{}); return err },
			"kick":   func() error { return r.Kick(ctx, bob, id, 1) },
			"log":    func() error { _, _, err := r.ConnectionLog(ctx, bob, id, store.Page{}); return err },
			"history": func() error {
				_, err := r.History(ctx, bob, inventory.HistoryQuery{Kind: "endpoint", Subject: id})
				return err
			},
			"history of the owner": func() error {
				_, err := r.History(ctx, bob, inventory.HistoryQuery{Kind: "user", Of: ann})
				return err
			},
			"client":  func() error { _, err := r.Client(ctx, bob, id); return err },
			"part":    func() error { return r.KickClient(ctx, bob, id) },
			"session": func() error { return r.EndSession(ctx, bob, id) },
		} {
			if err := f(); !isCode(err, account.CodeNotFound) {
				t.Errorf("%s of %s: %v", name, id, err)
			}
		}
	}
	// And nothing of it has happened.
	other := r.dial(e.ID)
	r.pass(ws, other, 1)
	if now, err := r.Endpoint(ctx, ann, e.ID); err != nil || now.Version != e.Version || now.Private {
		t.Errorf("%+v, %v", now, err)
	}
}

func TestChangesHaveVersionsAndAreTold(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	ann, ctx := r.person("ann", store.UserLimits{}), t.Context()
	changes, stop := r.Subscribe(ann, "")
	defer stop()
	e := r.endpoint(ann, "one")
	name := "two"
	size := int64(10)
	changed, err := r.UpdateEndpoint(ctx, ann, e.ID, e.Version, inventory.EndpointChanges{Name: &name, MaxMessageSize: &size})
	if err != nil || changed.Name != "two" || changed.Settings.MaxMessageSize != 10 || changed.Version <= e.Version {
		t.Fatalf("%+v, %v", changed, err)
	}
	if _, err := r.UpdateEndpoint(ctx, ann, e.ID, e.Version, inventory.EndpointChanges{}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("old version: %v", err)
	}
	if err := r.DeleteEndpoint(ctx, ann, e.ID, e.Version); !errors.Is(err, store.ErrConflict) {
		t.Errorf("old version: %v", err)
	}
	ws := r.dial(e.ID)
	if err := ws.WriteMessage(2, make([]byte, 11)); err != nil {
		t.Fatal(err)
	}
	r.closes(ws, 1009)
	ws = r.dial(e.ID)
	if err := r.DeleteEndpoint(ctx, ann, e.ID, changed.Version); err != nil {
		t.Fatal(err)
	}
	r.closes(ws, 4410)
	if _, status := r.try(e.ID, ""); status != http.StatusNotFound {
		t.Errorf("after deletion: %d", status)
	}
	var kinds []inventory.ChangeKind
	for range 3 {
		c := <-changes
		if kinds = append(kinds, c.Kind); c.Subject != e.ID || !slices.Equal(c.Users, []int64{ann}) {
			t.Errorf("%+v", c)
		}
	}
	if !slices.Equal(kinds, []inventory.ChangeKind{inventory.EndpointCreated, inventory.EndpointChanged, inventory.EndpointDeleted}) {
		t.Error(kinds)
	}
}

func TestRotateEndpoint(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	ann, ctx := r.person("ann", store.UserLimits{}), t.Context()
	e := r.endpoint(ann, "x")
	a, b := r.dial(e.ID), r.dial(e.ID)
	r.pass(a, b, 100)
	now, err := r.RotateEndpoint(ctx, ann, e.ID)
	if err != nil || now.ID == e.ID || !strings.HasSuffix(now.URL, now.ID) || now.Name != "x" || now.Stats.BytesIn != 100 {
		t.Fatalf("%+v, %v", now, err)
	}
	r.closes(a, 4410)
	if _, status := r.try(e.ID, ""); status != http.StatusNotFound {
		t.Errorf("the old id: %d", status)
	}
	a, b = r.dial(now.ID), r.dial(now.ID)
	r.pass(a, b, 11)
	r.settle()
	if now, err = r.Endpoint(ctx, ann, now.ID); err != nil || now.Stats.BytesIn != 111 || now.Stats.TotalConnections != 4 {
		t.Errorf("%+v, %v", now.Stats, err)
	}
	// History goes on too, the minute under way included.
	r.b.pulse.roll.turn()
	if err := r.b.pulse.write(); err != nil {
		t.Fatal(err)
	}
	points := r.history(ann, inventory.HistoryQuery{Kind: "endpoint", Subject: now.ID})
	if len(points) != 1 || points[0].BytesIn != 111 {
		t.Errorf("%+v", points)
	}
}

func TestPrivateEndpoints(t *testing.T) {
	dir := dataDir(t)
	r := newRig(t, dir, Config{})
	ann, ctx := r.person("ann", store.UserLimits{}), t.Context()
	e := r.endpoint(ann, "x")
	if _, _, err := r.EndpointTicket(ctx, ann, e.ID); !isCode(err, account.CodeInvalid) {
		t.Errorf("a ticket for all: %v", err)
	}
	ws := r.dial(e.ID)
	first, now, err := r.NewEndpointKey(ctx, ann, e.ID)
	if err != nil || !now.Private || !strings.HasPrefix(first, "cvk_") || now.Version <= e.Version {
		t.Fatalf("%+v, %v", now, err)
	}
	r.closes(ws, hub.CloseKey)
	if _, status := r.try(e.ID, ""); status != http.StatusNotFound {
		t.Errorf("without a key: %d", status)
	}
	ws = r.dial(e.ID, "Authorization", "Bearer "+first)
	second, _, err := r.NewEndpointKey(ctx, ann, e.ID)
	if err != nil || second == first {
		t.Fatal(err)
	}
	r.closes(ws, hub.CloseKey)
	if _, status := r.try(e.ID, "", "Authorization", "Bearer "+first); status != http.StatusNotFound {
		t.Errorf("with the old key: %d", status)
	}
	text, expires, err := r.EndpointTicket(ctx, ann, e.ID)
	if err != nil || expires.IsZero() {
		t.Fatal(err)
	}
	if ws, status := r.try(e.ID, "?ticket="+text); ws == nil {
		t.Errorf("with a ticket: %d", status)
	}
	// It stays private through a change of settings, and a restart.
	if _, err := r.UpdateEndpoint(ctx, ann, e.ID, 0, inventory.EndpointChanges{}); err != nil {
		t.Fatal(err)
	}
	if err := r.core.Close(Restarting); err != nil {
		t.Fatal(err)
	}
	r = newRig(t, dir, Config{})
	if _, status := r.try(e.ID, ""); status != http.StatusNotFound {
		t.Errorf("without a key: %d", status)
	}
	r.dial(e.ID, "Authorization", "Bearer "+second)
	if now, err := r.DropEndpointKey(ctx, ann, e.ID); err != nil || now.Private {
		t.Errorf("%+v, %v", now, err)
	}
	r.dial(e.ID)
}

func TestConnectionsOfAnEndpoint(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	ann, ctx := r.person("ann", store.UserLimits{}), t.Context()
	e := r.endpoint(ann, "x")
	a, b, c := r.dial(e.ID), r.dial(e.ID), r.dial(e.ID)
	r.pass(a, c, 5)
	r.pass(b, c, 7)
	list, next, err := r.Connections(ctx, ann, e.ID, store.Page{Limit: 2})
	if err != nil || len(list) != 2 || next == "" || list[0].Address != "192.0.2.7" || list[0].BytesIn != 5 {
		t.Fatalf("%+v, %q, %v", list, next, err)
	}
	rest, end, err := r.Connections(ctx, ann, e.ID, store.Page{Limit: 2, After: next})
	if err != nil || len(rest) != 1 || end != "" || rest[0].MessagesOut != 2 {
		t.Errorf("%+v, %q, %v", rest, end, err)
	}
	if _, _, err := r.Connections(ctx, ann, e.ID, store.Page{After: "!"}); !errors.Is(err, store.ErrCursor) {
		t.Error(err)
	}
	if err := r.Kick(ctx, ann, e.ID, list[1].ID); err != nil {
		t.Fatal(err)
	}
	r.closes(b, hub.CloseKicked)
	if err := r.Kick(ctx, ann, e.ID, 1<<60); !isCode(err, account.CodeNotFound) {
		t.Errorf("nobody: %v", err)
	}
	for { // the line is written when the closing handshake is over
		r.settle()
		log, next, err := r.ConnectionLog(ctx, ann, e.ID, store.Page{Limit: 3})
		if err != nil || len(log) != 3 || next == "" && log[0].Event == "disconnected" {
			t.Fatalf("%+v, %q, %v", log, next, err)
		}
		if log[0].Event != "disconnected" {
			continue
		}
		if log[0].Code != hub.CloseKicked || log[0].Connection != list[1].ID {
			t.Errorf("%+v", log[0])
		}
		break
	}
	if m, _ := r.core.Metrics(); m.Hub.Kicks != 1 {
		t.Errorf("%+v", m.Hub)
	}
}
