// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// signIn connects a tunnel client that offers the service web.
func (r *rig) signIn(token, name string) *websocket.Conn {
	r.t.Helper()
	return r.offer(token, name, wire.Service{ID: "web", Protocol: wire.ServiceHTTP, LocalHost: "127.0.0.1", LocalPort: 80})
}

// offer is signIn for other services.
func (r *rig) offer(token, name string, services ...wire.Service) *websocket.Conn {
	r.t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.core.Tunnels().Serve(w, req, netip.MustParseAddr("192.0.2.8"))
	}))
	r.t.Cleanup(s.Close)
	ws, resp, err := websocket.DefaultDialer.DialContext(r.t.Context(), strings.Replace(s.URL, "http", "ws", 1),
		http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		r.t.Fatal(err, resp)
	}
	r.t.Cleanup(func() { _ = ws.Close() })
	b, err := wire.Encode(wire.TypeRegister, "", wire.Register{
		ClientID: name, Services: services,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := ws.WriteMessage(websocket.TextMessage, b); err != nil {
		r.t.Fatal(err)
	}
	if _, b, err = ws.ReadMessage(); err != nil || !strings.Contains(string(b), `"success":true`) {
		r.t.Fatalf("%s, %v", b, err)
	}
	return ws
}

// as is an account as the API would know it from a log-in.
func (r *rig) as(id int64) account.Principal {
	r.t.Helper()
	u, err := r.b.store.User(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return account.Principal{User: u, Scope: account.ScopeFull}
}

func (r *rig) clientToken(owner int64) (store.ClientToken, string) {
	r.t.Helper()
	tok, text, err := r.core.Accounts().CreateClientToken(r.t.Context(), r.as(owner), owner, "", "", account.From{})
	if err != nil {
		r.t.Fatal(err)
	}
	return tok, text
}

func TestDisabledAccountIsCutAndComesBack(t *testing.T) {
	dir := dataDir(t)
	r := newRig(t, dir, Config{})
	r.person("chief", store.UserLimits{})
	ann, bob, ctx := r.person("ann", store.UserLimits{}), r.person("bob", store.UserLimits{}), t.Context()
	e, other := r.endpoint(ann, "x"), r.endpoint(bob, "y")
	_, text := r.clientToken(ann)
	a, b, bystander := r.dial(e.ID), r.dial(e.ID), r.dial(other.ID)
	r.pass(a, b, 100)
	tunnel := r.signIn(text, "nas")

	if _, err := r.core.Accounts().SetDisabled(ctx, account.System(), ann, true, account.From{}); err != nil {
		t.Fatal(err)
	}
	r.closes(a, hub.CloseForbidden)
	r.closes(tunnel, wire.CloseUnauthorized)
	if _, status := r.try(e.ID, ""); status != http.StatusNotFound {
		t.Errorf("while disabled: %d", status)
	}
	r.pass(bystander, r.dial(other.ID), 1)
	if list, _, err := r.Connections(ctx, ann, e.ID, store.Page{}); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	// Neither a change of settings nor a restart lets anybody in.
	if _, err := r.UpdateEndpoint(ctx, inventory.All, e.ID, 0, inventory.EndpointChanges{}); err != nil {
		t.Error(err)
	}
	if _, status := r.try(e.ID, ""); status != http.StatusNotFound {
		t.Errorf("after a change: %d", status)
	}
	if err := r.core.Close(Restarting); err != nil {
		t.Fatal(err)
	}
	r = newRig(t, dir, Config{})
	if _, status := r.try(e.ID, ""); status != http.StatusNotFound {
		t.Errorf("after a restart: %d", status)
	}
	if _, err := r.core.Accounts().SetDisabled(ctx, account.System(), ann, false, account.From{}); err != nil {
		t.Fatal(err)
	}
	a, b = r.dial(e.ID), r.dial(e.ID)
	r.pass(a, b, 11)
	r.signIn(text, "nas")
	// Disabled and enabled in one run, its counters go on from where they were.
	for _, off := range []bool{true, false} {
		if _, err := r.core.Accounts().SetDisabled(ctx, account.System(), ann, off, account.From{}); err != nil {
			t.Fatal(err)
		}
	}
	a, b = r.dial(e.ID), r.dial(e.ID)
	r.pass(a, b, 1)
	r.settle()
	now, err := r.Endpoint(ctx, ann, e.ID)
	if err != nil || now.Stats.BytesIn != 112 || now.Stats.TotalConnections != 6 || now.Stats.Dropped != 0 {
		t.Errorf("%+v, %v", now.Stats, err)
	}
	if u, err := r.Usage(ctx, ann); err != nil || u.Bytes != 224 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestDeletedAccountIsGone(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	ann, ctx := r.person("ann", store.UserLimits{}), t.Context()
	e := r.endpoint(ann, "x")
	_, text := r.clientToken(ann)
	ws, tunnel := r.dial(e.ID), r.signIn(text, "nas")
	if err := r.core.Accounts().DeleteUser(ctx, account.System(), ann, 0, account.From{}); err != nil {
		t.Fatal(err)
	}
	r.closes(ws, 4410)
	r.closes(tunnel, wire.CloseUnauthorized)
	if _, err := r.Endpoint(ctx, inventory.All, e.ID); !isCode(err, account.CodeNotFound) {
		t.Errorf("%v", err)
	}
	if _, err := r.Usage(ctx, ann); !isCode(err, account.CodeNotFound) {
		t.Errorf("%v", err)
	}
	if list, _, err := r.Clients(ctx, inventory.All, "", store.Page{}); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestClientsOfAccounts(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	ann, bob, ctx := r.person("ann", store.UserLimits{}), r.person("bob", store.UserLimits{}), t.Context()
	changes, stop := r.Subscribe(ann, "")
	defer stop()
	tok, anns := r.clientToken(ann)
	_, bobs := r.clientToken(bob)
	nas := r.signIn(anns, "nas")
	r.signIn(bobs, "nas") // names are one's own
	r.signIn(bobs, "pi")
	if c := <-changes; c.Kind != inventory.ClientOnline || c.Subject != "nas" {
		t.Errorf("%+v", c)
	}
	names := func(scope int64, search string) (list []string) {
		for p := (store.Page{Limit: 1}); ; {
			page, next, err := r.Clients(ctx, scope, search, p)
			if err != nil || len(page) > 1 {
				t.Fatal(page, err)
			}
			for _, c := range page {
				list = append(list, c.Owner+"/"+c.Name)
			}
			if p.After = next; next == "" {
				return list
			}
		}
	}
	for want, got := range map[string][]string{
		"ann/nas":                names(ann, ""),
		"bob/nas bob/pi":         names(bob, ""),
		"ann/nas bob/nas bob/pi": names(inventory.All, ""),
		"bob/pi":                 names(inventory.All, "PI"),
		"":                       names(ann, "pi"),
	} {
		if strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
	one, err := r.Client(ctx, ann, "nas")
	if err != nil || one.Status != "online" || one.Address != "192.0.2.8" || one.TokenID != tok.ID || len(one.Services) != 1 {
		t.Errorf("%+v, %v", one, err)
	}
	if live := r.Live(bob); live.Clients != 2 {
		t.Errorf("%+v", live)
	}
	if u, err := r.Usage(ctx, bob); err != nil || u.Clients != 2 || u.MaxClients != 20 || u.MaxEndpoints != 5 {
		t.Errorf("%+v, %v", u, err)
	}
	if err := r.KickClient(ctx, ann, "nas"); err != nil {
		t.Error(err)
	}
	r.closes(nas, 4411)
	nas = r.signIn(anns, "nas")
	if err := r.core.Accounts().RevokeClientToken(ctx, r.as(ann), ann, tok.ID, account.From{}); err != nil {
		t.Fatal(err)
	}
	r.closes(nas, wire.CloseUnauthorized)
	if got := names(ann, ""); len(got) != 0 {
		t.Errorf("after revocation: %v", got)
	}
}

func TestGrantsAreFollowed(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	ann, bob, ctx := r.person("ann", store.UserLimits{}), r.person("bob", store.UserLimits{}), t.Context()
	_, text := r.clientToken(ann)
	r.signIn(text, "nas")
	changes, stop := r.Subscribe(bob, "")
	defer stop()
	services := func(user int64) int {
		list, err := r.Services(ctx, user)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if services(ann) != 1 || services(bob) != 0 {
		t.Errorf("before: %d, %d", services(ann), services(bob))
	}
	g, err := r.core.Accounts().Give(ctx, r.as(ann), "bob", "nas", "web", account.From{})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := r.Services(ctx, bob); err != nil || len(list) != 1 || list[0].Client != "ann/nas" || !list[0].Granted || list[0].Owner != "ann" {
		t.Errorf("%+v, %v", list, err)
	}
	if err := r.core.Accounts().Withdraw(ctx, r.as(ann), g.ID, account.From{}); err != nil {
		t.Fatal(err)
	}
	if services(bob) != 0 {
		t.Error("still there")
	}
	for _, want := range []string{"given", "withdrawn"} {
		if c := <-changes; c.Kind != inventory.GrantsChanged || c.Detail != want || c.Subject != "nas/web" {
			t.Errorf("%+v", c)
		}
	}
}

func TestBlockListCutsAndRefuses(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	e, ctx := r.endpoint(r.person("ann", store.UserLimits{}), "x"), t.Context()
	_, text := r.clientToken(e.OwnerID)
	in := r.dial(e.ID, "X-Test-Addr", "198.51.100.9")
	out := r.dial(e.ID, "X-Test-Addr", "203.0.113.9")
	tunnel := r.signIn(text, "nas") // 192.0.2.8
	var ids []int64
	for _, p := range []string{"198.51.100.0/24", "192.0.2.8/32"} {
		b, err := r.core.Accounts().Block(ctx, account.System(), netip.MustParsePrefix(p), "", time.Time{}, account.From{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, b.ID)
	}
	r.closes(in, hub.CloseForbidden)
	_ = tunnel.SetReadDeadline(time.Now().Add(2 * time.Second))
	for err := error(nil); err == nil; {
		var late interface{ Timeout() bool }
		if _, _, err = tunnel.ReadMessage(); errors.As(err, &late) && late.Timeout() {
			t.Error("the tunnel client is still there")
		}
	}
	if _, status := r.try(e.ID, "", "X-Test-Addr", "198.51.100.77"); status != http.StatusForbidden {
		t.Errorf("%d", status)
	}
	if !r.Blocked(netip.MustParseAddr("198.51.100.1")) || r.Blocked(netip.MustParseAddr("203.0.113.9")) {
		t.Error("blocked")
	}
	r.pass(out, r.dial(e.ID, "X-Test-Addr", "203.0.113.10"), 1)
	if m, _ := r.core.Metrics(); m.Blocks != 2 || m.Hub.Blocked != 1 || m.Hub.Cut != 1 {
		t.Errorf("%+v", m)
	}
	for _, id := range ids {
		if err := r.core.Accounts().Unblock(ctx, account.System(), id, account.From{}); err != nil {
			t.Fatal(err)
		}
	}
	r.dial(e.ID, "X-Test-Addr", "198.51.100.9")
}

// TestChangeThatWasMissed: what could not be read when it changed holds soon
// after.
func TestChangeThatWasMissed(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	e := r.endpoint(inventory.Operator, "x")
	ws := r.dial(e.ID)
	if _, err := r.b.store.CreateBlock(t.Context(), store.Block{Prefix: netip.MustParsePrefix("192.0.2.7/32"), CreatedAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	tries := 0
	r.b.owed.add(func(ctx context.Context) error {
		if tries++; tries < 2 {
			return errAway
		}
		return r.b.refreshBlocks(ctx)
	})
	r.b.owed.add(func(context.Context) error { return store.ErrNotFound })
	r.closes(ws, hub.CloseForbidden)
}

func TestOrphansAreAdopted(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	e, ctx := r.endpoint(inventory.Operator, "x"), t.Context()
	a, b := r.dial(e.ID), r.dial(e.ID)
	u, err := r.core.Accounts().CreateAdmin(ctx, account.System(), "chief", "chief@example.com", "correct horse battery", account.From{})
	if err != nil {
		t.Fatal(err)
	}
	r.pass(a, b, 3) // it went on
	now, err := r.Endpoint(ctx, u.ID, e.ID)
	if err != nil || now.Owner != "chief" {
		t.Errorf("%+v, %v", now, err)
	}
	r.settle()
	if usage, err := r.Usage(ctx, u.ID); err != nil || usage.Bytes != 6 {
		t.Errorf("%+v, %v", usage, err)
	}
}

func TestDefaultLimitsOfAll(t *testing.T) {
	dir := dataDir(t)
	r := newRig(t, dir, Config{})
	ann, ctx := r.person("ann", store.UserLimits{}), t.Context()
	e := r.endpoint(ann, "x")
	ws := r.dial(e.ID)
	if _, err := r.core.Accounts().SetSetting(ctx, account.System(), account.SettingLimits, []byte(`{"endpoints":1,"connections":1}`), 0, account.From{}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // now, and after a restart
		if _, err := r.CreateEndpoint(ctx, ann, "", inventory.EndpointSettings{}); !isCode(err, account.CodeLimitReached) {
			t.Errorf("a second endpoint: %v", err)
		}
		if _, status := r.try(e.ID, ""); status != http.StatusServiceUnavailable {
			t.Errorf("a second connection: %d", status)
		}
		if u, err := r.Usage(ctx, ann); err != nil || u.MaxEndpoints != 1 || u.MaxConnections != 1 || u.Connections != 1 {
			t.Errorf("%+v, %v", u, err)
		}
		_ = ws.Close()
		if err := r.core.Close(Restarting); err != nil {
			t.Fatal(err)
		}
		r = newRig(t, dir, Config{})
		ws = r.dial(e.ID)
	}
}
