// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// published is web with the gateway's leave to visit it.
func published(id, host string) wire.Service {
	v := web(id)
	v.Publish = &wire.Publish{Host: host}
	return v
}

// own signs the gateway's own client in.
func (b *bed) own() *peer {
	b.t.Helper()
	return b.join(b.OwnToken(), "", "own")
}

// TestOwnClientVisitsWhatIsPublished, whosever it is, and nothing else.
func TestOwnClientVisitsWhatIsPublished(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		a := b.join("alice", "nas", "", published("web", ""), web("ssh"))
		op := b.join("t1", "home", "", published("web", "home"))
		b.join("bob", "away", "", published("web", "")).hangUp()
		g := b.own()
		if g.got.AssignedID != OwnName {
			t.Errorf("%+v", g.got)
		}
		for _, tc := range []struct{ to, service, code string }{
			{"alice/nas", "ssh", wire.CodeNotPublished},
			{"ALICE/nas", "ssh", wire.CodeNotPublished},
			{"alice/nas", "none", wire.CodeServiceNotFound},
			{"nas", "web", wire.CodeClientNotFound}, // a bare name is the operator's
			{"/nas", "web", wire.CodeClientNotFound},
			{"alice/home", "web", wire.CodeClientNotFound},
			{"alice/", "web", wire.CodeClientNotFound},
			{"nobody/nas", "web", wire.CodeClientNotFound},
			{"gateway/gateway", "web", wire.CodeClientNotFound},
			{"gateway", "web", wire.CodeClientNotFound},
			{"bob/away", "web", wire.CodeClientOffline},
		} {
			if r := ask(g, tc.to, tc.service); r.Code != tc.code || tc.code == wire.CodeNotPublished && !strings.Contains(r.Reason, "nas does not publish its service ssh") {
				t.Errorf("%s/%s: %+v, want %s", tc.to, tc.service, r, tc.code)
			}
		}
		a.name = "alice/nas"
		for _, p := range []*peer{a, op} {
			v, c := open(g, p, "web")
			if c.PeerClientID != OwnName || v.PeerClientID != p.name || v.Service.LocalHost != "" {
				t.Errorf("%+v, %+v", c, v)
			}
		}
		// Others come to what is published as to everything, and not more easily.
		if r := ask(b.join("bob", "v", ""), "alice/nas", "web"); r.Code != wire.CodeClientNotFound {
			t.Errorf("%+v", r)
		}
		a.name = "nas"
		open(b.join("alice", "v", ""), a, "ssh")
	})
}

// TestOwnClientIsNobodys: it is in no list, no figure and no store, and what it
// does is its provider's.
func TestOwnClientIsNobodys(t *testing.T) {
	over := map[int64]bool{}
	cfg := Config{
		MaxSessionsPerClient: 2, Limits: func(int64) AccountLimits { return AccountLimits{} },
		Quota: func(id int64) error {
			if over[id] {
				return fmt.Errorf("the traffic of account %d is used up", id)
			}
			return nil
		},
	}
	peopled(t, cfg, func(t *testing.T, b *bed) {
		var events []Event
		b.SetWatch(func(e Event) { events = append(events, e) })
		g := b.own()
		if len(events) > 0 || b.Stats().Connections+b.Stats().Online+b.Stats().Known != 0 || len(b.Clients()) != 0 {
			t.Errorf("%+v, %+v, %+v", events, b.Stats(), b.Clients())
		}
		a := b.join("alice", "nas", "", published("web", ""))
		op := b.join("t1", "home", "")
		b.SetGrants([]Grant{granted(alice, bob, "nas", "web")})
		for who, want := range map[*peer]string{
			g: "gateway:", a: "nas: web@localhost", op: "home:", b.join("bob", "v", ""): "alice/nas: web, v:",
		} {
			if got := seen(who); got != want {
				t.Errorf("%s sees %q, want %q", who.name, got, want)
			}
		}
		if st := b.Stats(); st.Connections != 3 || st.Online != 3 || st.Known != 3 {
			t.Errorf("%+v", st)
		}
		if c := b.Clients(); len(c) != 3 || slices.ContainsFunc(c, func(c ClientInfo) bool { return c.Name == OwnName }) {
			t.Errorf("%+v", c)
		}

		a.name = "alice/nas"
		s, _ := open(g, a, "web")
		b.SetGrants(nil) // these are others'
		if l := b.Sessions(); len(l) != 1 || l[0].VisitorAccount != alice || l[0].ProviderAccount != alice || l[0].Visitor != OwnName {
			t.Errorf("%+v", l)
		}
		b.move(s, a, 100, 20)
		want := Flow{Visitor: alice, Provider: alice, Client: "nas", Service: "web", Sessions: 1, Up: 100, Down: 20}
		if f := b.Flows(); len(f) != 1 || f[0] != want {
			t.Errorf("%+v", f)
		}
		over[Gateway.ID] = true
		open(g, a, "web")
		if r := ask(g, "alice/nas", "web"); r.Code != wire.CodeLimit || !strings.Contains(r.Reason, "sessions of nas") {
			t.Errorf("the provider's limit: %+v", r)
		}
		if !b.EndSession(alice.ID, s.SessionID, "enough") || b.EndSession(bob.ID, b.Sessions()[0].ID, "enough") {
			t.Error("whose sessions are these?")
		}
		expect(t, g, wire.CodeEnded, true)
		over[alice.ID] = true
		if r := ask(g, "alice/nas", "web"); r.Code != wire.CodeQuota || !strings.Contains(r.Reason, "account 1") {
			t.Errorf("the provider's quota: %+v", r)
		}
		b.DropSessionsOf(alice.ID, wire.CodeQuota, "used up")
		expect(t, g, wire.CodeQuota, true)

		g.hangUp()
		time.Sleep(grace + 2*keepEvery)
		synctest.Wait()
		for _, e := range events {
			if e.Account.ID < 0 || e.Visitor.ID < 0 || e.Subject == OwnName {
				t.Errorf("somebody is told of %+v", e)
			}
		}
		kept, _ := b.store.Clients(t.Context())
		if slices.ContainsFunc(kept, func(c Client) bool { return c.Name == OwnName || c.Account == Gateway }) {
			t.Errorf("%+v", kept)
		}
		b.store.mu.Lock()
		defer b.store.mu.Unlock()
		if _, ok := b.store.used[OwnName]; ok {
			t.Errorf("%v", b.store.used)
		}
		for _, r := range b.store.sessions {
			if r.VisitorAccount != alice || r.ProviderAccount != alice {
				t.Errorf("%+v", r)
			}
		}
	})
}

// TestOwnClientHasNoLimits: sessions of all that is published are its own.
func TestOwnClientHasNoLimits(t *testing.T) {
	peopled(t, Config{MaxSessionsPerClient: 1, MaxSessionsPerAccount: 1}, func(t *testing.T, b *bed) {
		g := b.own()
		for i, account := range []string{"alice", "bob", "carol", "t1"} {
			p := b.join(account, fmt.Sprint("p", i), "", published("web", ""))
			if account != "t1" {
				p.name = account + "/" + p.name
			}
			open(g, p, "web")
			if r := ask(g, p.name, "web"); r.Code != wire.CodeLimit {
				t.Errorf("%s: %+v", p.name, r)
			}
		}
	})
}

// TestPublishingEnds: a provider that takes its word back ends what came of it,
// sessions of others excepted.
func TestPublishingEnds(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		a := b.join("alice", "nas", "i", published("web", ""), published("api", ""))
		g, v := b.own(), b.join("alice", "v", "")
		kept, _ := open(v, a, "web")
		a.name = "alice/nas"
		gone, _ := open(g, a, "web")
		other, _ := open(g, a, "api")
		vc, pc, _ := b.pair(gone, a)
		g.send(wire.TypeConnectRequest, "q", wire.ConnectRequest{ToClientID: "alice/nas", ServiceID: "web", SessionID: "L"})
		req, _ := hear[wire.ConnectRequest](a, wire.TypeConnectRequest)

		r := a.register("nas", "i", web("web"), published("api", ""))
		want := []string{kept.SessionID, other.SessionID}
		slices.Sort(want)
		if !slices.Equal(r.Sessions, want) {
			t.Errorf("%v stay, want %v", r.Sessions, want)
		}
		if end := expect(t, g, wire.CodeNotPublished, true); end.SessionID != gone.SessionID || end.Reason != "nas does not publish web any more" {
			t.Errorf("%+v", end)
		}
		for _, c := range []interface{ Read([]byte) (int, error) }{vc, pc} {
			if n, err := c.Read(make([]byte, 1)); err == nil {
				t.Errorf("%d bytes over a channel of a session that has ended", n)
			}
		}
		// What was asked before is not granted any more.
		a.send(wire.TypeAcceptSession, "late", wire.AcceptSession{SessionID: req.SessionID})
		if e, _ := hear[wire.ErrorPayload](a, wire.TypeError); e.Code != wire.CodeSessionNotFound {
			t.Errorf("%+v", e)
		}
		if no, m := hear[wire.RejectSession](g, wire.TypeRejectSession); no.Code != wire.CodeNotPublished || no.SessionID != "L" || m.ID != "q" {
			t.Errorf("%+v", no)
		}
		a.quiet()
		v.quiet()
		g.quiet()
		a.register("nas", "i", published("web", ""))
		expect(t, g, wire.CodeServiceNotFound, true)
		open(g, a, "web")
	})
}

// TestOwnTokenIsOnesOwn: its name is anybody's in their own accounts, where it
// gives them nothing, and its token is nobody else's.
func TestOwnTokenIsOnesOwn(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		a := b.join("alice", "nas", "", published("web", ""))
		g := b.own()
		for _, token := range []string{"bob", "t1", "t2"} {
			p, _ := b.dial(token)
			p.register(OwnName, "own")
			if token == "t2" {
				if p.got.Code != wire.CodeNameTaken { // t1's, of the same account
					t.Errorf("%+v", p.got)
				}
				continue
			}
			if !p.got.Success || *p.got.Key == g.key {
				t.Errorf("%s: %+v", token, p.got)
			}
			if r := ask(p, "alice/nas", "web"); r.Code != wire.CodeClientNotFound {
				t.Errorf("%s: %+v", token, r)
			}
		}
		g.quiet() // nobody has taken its place
		p, _ := b.dial(b.OwnToken())
		if r := p.register("other", "own"); r.Success || r.Code != wire.CodeUnauthorized {
			t.Errorf("another name with its token: %+v", r)
		}
		for _, token := range []string{OwnName, "", b.OwnToken() + "x", b.OwnToken()[1:]} {
			if p, resp := b.dial(token); p != nil || resp.StatusCode != 401 {
				t.Errorf("%.8q: %v", token, resp)
			}
		}
		if err := b.RestoreAccount(t.Context(), Gateway.ID); err != nil {
			t.Error(err)
		}
		b.Adopt(carol)
		a.name = "alice/nas"
		open(g, a, "web")
		other, err := New(t.Context(), Config{}, b.store, b.log)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = other.Close(t.Context(), Closing{Code: wire.CloseRestart})
			_ = other.Relay().Close(t.Context())
		}()
		if other.OwnToken() == b.OwnToken() || !strings.HasPrefix(other.OwnToken(), TokenPrefix) {
			t.Error("two gateways have one token")
		}
	})
}

func TestAway(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		check := func(name string, away time.Duration, known bool) {
			t.Helper()
			if d, ok := b.Away(name); d != away || ok != known {
				t.Errorf("%s: %v, %t; want %v, %t", name, d, ok, away, known)
			}
		}
		a := b.join("alice", "nas", "", web("web"))
		op := b.join("t1", "home", "")
		p, _ := b.dial("t1")
		assigned := p.register("", "").AssignedID
		for _, name := range []string{"alice/nas", "Alice/nas", "home", assigned} {
			check(name, 0, true)
		}
		for _, name := range []string{"nas", "alice/home", "bob/nas", "/home", "alice/", "", "/", "home/nas", "alice/NAS", OwnName, "gateway/gateway"} {
			check(name, 0, false)
		}
		a.hangUp()
		op.hangUp()
		p.hangUp()
		check("alice/nas", 1, true) // away, if only just
		time.Sleep(20 * time.Second)
		for _, name := range []string{"alice/nas", "home", assigned} {
			check(name, 20*time.Second, true)
		}
		time.Sleep(grace)
		check("home", grace+20*time.Second, true)
		check(assigned, 0, false)
		b.join("t1", "home", "")
		check("home", 0, true)
		b.RevokeToken("alice")
		check("alice/nas", 0, false)
		b.RevokeToken("t1")
		b.RevokeToken("t2")
		b.RevokeToken("bound")
		check("home", 0, false) // of an account that is not known any more
	})
}
