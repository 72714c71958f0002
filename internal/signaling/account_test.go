// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

var (
	alice = Account{ID: 1, Name: "alice"}
	bob   = Account{ID: 2, Name: "bob"}
	carol = Account{ID: 3, Name: "carol"}
)

// peopled is bubble with a token for each of alice, bob and carol, whose texts
// are their names.
func peopled(t *testing.T, cfg Config, f func(t *testing.T, b *bed)) {
	t.Helper()
	bubble(t, cfg, func(t *testing.T, b *bed) {
		for _, a := range []Account{alice, bob, carol} {
			b.addToken(a, a.Name)
		}
		f(t, b)
		b.audit(t)
	})
}

// addToken makes a token known to the store too.
func (b *bed) addToken(a Account, id string) {
	tok := tokenOf(id, "")
	tok.Account = a
	b.store.mu.Lock()
	b.store.tokens = append(b.store.tokens, tok)
	b.store.mu.Unlock()
	b.AddToken(tok)
}

func granted(owner, grantee Account, client, service string) Grant {
	return Grant{Owner: owner, Grantee: grantee.ID, Client: client, Service: service}
}

// ask wants a session, and returns the refusal.
func ask(p *peer, to, service string) wire.RejectSession {
	p.t.Helper()
	p.send(wire.TypeConnectRequest, "q", wire.ConnectRequest{ToClientID: to, ServiceID: service, SessionID: "L"})
	r, _ := hear[wire.RejectSession](p, wire.TypeRejectSession)
	return r
}

// seen lists what a client sees, as client: service service.
func seen(p *peer) string {
	p.t.Helper()
	p.send(wire.TypeGetClientList, "", nil)
	l, _ := hear[wire.ClientList](p, wire.TypeClientList)
	var out []string
	for _, c := range l.Clients {
		s := c.ID + ":"
		for _, v := range c.Services {
			s += " " + v.ID
			if v.LocalHost != "" {
				s += "@" + v.LocalHost
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// What is not granted does not exist: it is listed nowhere, and asking for it
// is answered as asking for nothing that ever was.
func TestOtherAccountsSeeNothing(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		b.join("alice", "a", "", web("web"))
		b.join("t1", "op", "", web("web"))
		x := b.join("bob", "x", "", web("web"))
		if got := seen(x); got != "x: web@localhost" {
			t.Error(got)
		}
		for _, to := range []string{"a", "alice/a", "op", "/op", "/x", "alice/", "nobody/a", "a/a", "alice/a/web", "nobody"} {
			if r := ask(x, to, "web"); r.Code != wire.CodeClientNotFound || r.Reason != "there is no client "+to {
				t.Errorf("%s: %+v", to, r)
			}
		}
		if v := b.Visible(bob.ID); len(v) != 1 || v[0].ID != "x" || v[0].Owner != bob {
			t.Errorf("%+v", v)
		}
	})
}

// One name may be many accounts', and each means its own by it.
func TestNamesAreUniqueInTheirAccount(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		a, x := b.join("alice", "nas", "", web("web")), b.join("bob", "nas", "", web("web"))
		v := b.join("bob", "laptop", "")
		open(v, x, "web")
		a.quiet()
		v.send(wire.TypeConnectRequest, "", wire.ConnectRequest{ToClientID: "Bob/nas", ServiceID: "web"})
		if req, _ := hear[wire.ConnectRequest](x, wire.TypeConnectRequest); req.FromClientID != "laptop" || req.ToClientID != "nas" {
			t.Errorf("%+v", req)
		}
		time.Sleep(2 * keepEvery)
		b.store.mu.Lock()
		kept := len(b.store.clients)
		b.store.mu.Unlock()
		if c := b.Clients(); len(c) != 3 || c[0].Account != alice || c[1].Account != bob || kept != 3 {
			t.Errorf("%+v, %d kept", c, kept)
		}
		v.send(wire.TypeUnregister, "", nil)
	})
}

func TestGrants(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		a := b.join("alice", "nas", "", web("web"), web("ssh"))
		v, c := b.join("bob", "laptop", ""), b.join("carol", "c", "")
		b.SetGrants([]Grant{granted(alice, bob, "nas", "web"), granted(alice, bob, "gone", "web"), granted(carol, bob, "c", "web")})
		if got := seen(v); got != "alice/nas: web, carol/c:, laptop:" {
			t.Error(got)
		}
		if got := seen(c); got != "c:" {
			t.Error(got)
		}
		list := b.Visible(bob.ID)
		if !slices.ContainsFunc(list, func(c VisibleClient) bool { return c.ID == "alice/nas" && c.Owner == alice && c.Status == wire.Online }) {
			t.Errorf("%+v", list)
		}
		// A bare name is one's own; a service that is not granted is one that is not there.
		if r := ask(v, "nas", "web"); r.Code != wire.CodeClientNotFound {
			t.Errorf("%+v", r)
		}
		for _, id := range []string{"ssh", "none"} {
			if r := ask(v, "alice/nas", id); r.Code != wire.CodeServiceNotFound || r.Reason != "the client alice/nas has no service "+id {
				t.Errorf("%+v", r)
			}
		}
		if r := ask(c, "alice/nas", "web"); r.Code != wire.CodeClientNotFound || r.Reason != "there is no client alice/nas" {
			t.Errorf("%+v", r)
		}
		// The names of both ends, as each knows the other.
		v.send(wire.TypeConnectRequest, "", wire.ConnectRequest{ToClientID: "ALICE/nas", ServiceID: "web"})
		req, _ := hear[wire.ConnectRequest](a, wire.TypeConnectRequest)
		if req.FromClientID != "bob/laptop" || req.ToClientID != "nas" {
			t.Errorf("%+v", req)
		}
		a.send(wire.TypeAcceptSession, "", wire.AcceptSession{SessionID: req.SessionID})
		pa, _ := hear[wire.CreateSession](a, wire.TypeCreateSession)
		pv, _ := hear[wire.CreateSession](v, wire.TypeCreateSession)
		if pa.PeerClientID != "bob/laptop" || pv.PeerClientID != "alice/nas" || pv.Service.LocalHost != "" {
			t.Errorf("%+v, %+v", pa, pv)
		}
		if s := b.Sessions(); s[0].Provider != "nas" || s[0].ProviderAccount != alice || s[0].Visitor != "laptop" || s[0].VisitorAccount != bob {
			t.Errorf("%+v", s)
		}
		a.hangUp()
		if r := ask(v, "alice/nas", "web"); r.Code != wire.CodeClientOffline || r.Reason != "the client alice/nas is offline" {
			t.Errorf("%+v", r)
		}
	})
}

// A withdrawn grant ends what it allowed, and nothing else, with a reason for
// both users.
func TestWithdrawnGrantEndsSessions(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		a := b.join("alice", "nas", "", web("web"), web("ssh"))
		own := b.join("alice", "laptop", "")
		v := b.join("bob", "laptop", "")
		both := []Grant{granted(alice, bob, "nas", "web"), granted(alice, bob, "nas", "ssh")}
		b.SetGrants(both)
		a.name = "alice/nas"
		gone, _ := open(v, a, "web")
		kept, _ := open(v, a, "ssh")
		a.name = "nas"
		open(own, a, "web")
		v.send(wire.TypeConnectRequest, "q", wire.ConnectRequest{ToClientID: "alice/nas", ServiceID: "web", SessionID: "L"})
		hear[wire.ConnectRequest](a, wire.TypeConnectRequest)
		b.SetGrants(both[1:])
		for _, p := range []*peer{v, a} {
			end := expect(t, p, wire.CodeWithdrawn, true)
			if end.SessionID != gone.SessionID || end.Reason != "the service alice/nas/web is not shared any more with the account bob" {
				t.Errorf("%+v", end)
			}
		}
		if r, m := hear[wire.RejectSession](v, wire.TypeRejectSession); r.Code != wire.CodeWithdrawn || r.SessionID != "L" || m.ID != "q" {
			t.Errorf("%+v", r)
		}
		own.quiet()
		if s := b.Sessions(); len(s) != 2 || !slices.ContainsFunc(s, func(s SessionInfo) bool { return s.ID == kept.SessionID }) {
			t.Errorf("%+v", s)
		}
		if r := ask(v, "alice/nas", "web"); r.Code != wire.CodeServiceNotFound {
			t.Errorf("%+v", r)
		}
		b.SetGrants(nil)
		expect(t, v, wire.CodeWithdrawn, true)
		if r := ask(v, "alice/nas", "web"); r.Code != wire.CodeClientNotFound || r.Reason != "there is no client alice/nas" {
			t.Errorf("%+v", r)
		}
	})
}

func TestDisabledAccount(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		b.addToken(alice, "more")
		a, idle := b.join("alice", "nas", "i", web("web")), b.join("more", "idle", "")
		b.join("alice", "away", "").hangUp()
		v := b.join("bob", "laptop", "")
		b.SetGrants([]Grant{granted(alice, bob, "nas", "web")})
		a.name = "alice/nas"
		open(v, a, "web")
		time.Sleep(2 * keepEvery) // the store has them
		began := time.Now()
		b.DropAccount(alice.ID, "is disabled")
		for _, p := range []*peer{a, idle} {
			if why := p.closed(wire.CloseUnauthorized); why != "the account is disabled" {
				t.Error(why)
			}
		}
		if end := expect(t, v, wire.CodeClientOffline, true); !strings.Contains(end.Reason, "the account is disabled") || time.Since(began) > 2*time.Second {
			t.Errorf("%+v", end)
		}
		if p, resp := b.dial("alice"); p != nil || resp.StatusCode != 401 {
			t.Error("a disabled account signs in")
		}
		if r := ask(v, "alice/nas", "web"); r.Code != wire.CodeClientNotFound || r.Reason != "there is no client alice/nas" {
			t.Errorf("%+v", r)
		}
		if c := b.Clients(); len(c) != 1 || c[0].Account != bob {
			t.Errorf("%+v", c)
		}
		b.DropAccount(alice.ID, "is disabled") // it is not there

		if err := b.RestoreAccount(t.Context(), alice.ID); err != nil {
			t.Fatal(err)
		}
		if c := b.Clients(); len(c) != 4 {
			t.Errorf("%+v", c)
		}
		b.join("more", "idle", "") // its own names are kept
		if x, _ := b.dial("more"); x.register("nas", "").Code != wire.CodeNameTaken {
			t.Errorf("%+v", x.got)
		}
		if err := b.RestoreAccount(t.Context(), alice.ID); err != nil || len(b.Clients()) != 4 {
			t.Error("restoring what is there changes something")
		}
	})
}

// What the operator made belongs to the first administrator, and goes on.
func TestAdopt(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		a, v := b.join("t1", "a", "i", web("web")), b.join("t2", "b", "")
		s, _ := open(v, a, "web")
		clash, same := b.join("t1", "nas", ""), b.join("alice", "nas", "", web("web"))
		b.Adopt(alice)
		clash.closed(wire.CloseReplaced)
		same.quiet()
		if l := b.Sessions(); len(l) != 1 || l[0].ID != s.SessionID || l[0].ProviderAccount != alice || l[0].VisitorAccount != alice {
			t.Errorf("%+v", l)
		}
		if got := seen(same); got != "a: web@localhost, b:, nas: web@localhost" {
			t.Error(got)
		}
		open(v, same, "web")
		b.join("t2", "new", "")
		time.Sleep(2 * keepEvery)
		b.store.mu.Lock()
		for key := range b.store.clients {
			if key.account == Operator.ID && key.name == "new" {
				t.Errorf("%+v is written as the operator's", key)
			}
		}
		b.store.mu.Unlock()
		b.Adopt(alice) // nothing is left to adopt
		v.send(wire.TypeSessionClosed, "", wire.SessionClosed{SessionID: s.SessionID})
		expect(t, a, wire.CodeEnded, true)
	})
}

func TestAccountLimits(t *testing.T) {
	limits := map[int64]AccountLimits{}
	cfg := Config{MaxClientsPerAccount: 2, MaxSessionsPerAccount: 1, Limits: func(id int64) AccountLimits { return limits[id] }}
	peopled(t, cfg, func(t *testing.T, b *bed) {
		a, v := b.join("alice", "a", "", web("web")), b.join("alice", "b", "")
		for _, name := range []string{"c", ""} {
			x, _ := b.dial("alice")
			if r := x.register(name, ""); r.Code != wire.CodeLimit || !strings.Contains(r.Error, "limit of 2") {
				t.Errorf("%q: %+v", name, r)
			}
		}
		for _, name := range []string{"a1", "a2", "a3"} {
			b.join("t1", name, "") // the operator has no such limit
		}
		open(v, a, "web")
		if r := ask(v, "a", "web"); r.Code != wire.CodeLimit || !strings.Contains(r.Reason, "sessions of this account: the limit of 1") {
			t.Errorf("%+v", r)
		}
		w := b.join("bob", "w", "")
		b.SetGrants([]Grant{granted(alice, bob, "a", "web")})
		if r := ask(w, "alice/a", "web"); r.Code != wire.CodeLimit || !strings.Contains(r.Reason, "sessions of the account alice") {
			t.Errorf("%+v", r)
		}
		limits[alice.ID] = AccountLimits{Clients: 3, Sessions: -1}
		b.join("alice", "c", "")
		a.name = "alice/a"
		open(w, a, "web")
		a.hangUp()
		v.quiet()
		v.send(wire.TypeUnregister, "", nil)
	})
}

func TestQuota(t *testing.T) {
	over := map[int64]bool{}
	cfg := Config{Quota: func(id int64) error {
		if over[id] {
			return errors.New("the traffic of this month is used up")
		}
		return nil
	}}
	peopled(t, cfg, func(t *testing.T, b *bed) {
		a, v := b.join("alice", "a", "", web("web")), b.join("bob", "v", "")
		b.SetGrants([]Grant{granted(alice, bob, "a", "web")})
		a.name = "alice/a"
		s, _ := open(v, a, "web")
		over[alice.ID] = true
		if r := ask(v, "alice/a", "web"); r.Code != wire.CodeQuota || r.Reason != "the account alice: the traffic of this month is used up" {
			t.Errorf("%+v", r)
		}
		b.DropSessionsOf(alice.ID, wire.CodeQuota, "the traffic of this month is used up")
		for _, p := range []*peer{a, v} {
			if end := expect(t, p, wire.CodeQuota, true); end.SessionID != s.SessionID || end.Reason != "the traffic of this month is used up" {
				t.Errorf("%+v", end)
			}
		}
	})
}

func TestKick(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		a, v := b.join("alice", "a", "i", web("web")), b.join("alice", "v", "i")
		s, _ := open(v, a, "web")
		other, _ := open(v, a, "web")
		if b.EndSession(bob.ID, s.SessionID, "x") || b.EndSession(-1, "none", "x") || b.KickClient(bob.ID, "a") || b.KickClient(alice.ID, "none") {
			t.Error("what is not there, or another's, was ended")
		}
		if !b.EndSession(alice.ID, s.SessionID, "enough") {
			t.Error("no session")
		}
		for _, p := range []*peer{a, v} {
			if end := expect(t, p, wire.CodeEnded, true); end.Reason != "enough" {
				t.Errorf("%+v", end)
			}
		}
		if !b.KickClient(alice.ID, "a") || b.KickClient(alice.ID, "a") {
			t.Error("kicked not once")
		}
		a.closed(wire.CloseKicked)
		if end := expect(t, v, wire.CodeClientOffline, true); end.SessionID != other.SessionID || end.Reason != "a was kicked" {
			t.Errorf("%+v", end)
		}
		b.join("alice", "a", "i")
	})
}

func TestBlockedAddresses(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		bad := netip.MustParsePrefix("198.51.100.0/24")
		b.from = netip.MustParseAddr("198.51.100.7")
		a := b.join("alice", "a", "i", web("web"))
		b.from = netip.MustParseAddr("192.0.2.1")
		v := b.join("alice", "v", "")
		b.SetBlocked(bad.Contains)
		b.CloseAddr(bad.Contains)
		if why := a.closed(wire.ClosePolicy); why != "this address is blocked" {
			t.Error(why)
		}
		v.quiet()
		b.from = netip.MustParseAddr("198.51.100.8")
		for _, token := range []string{"alice", "wrong"} { // who guesses learns nothing
			if p, resp := b.dial(token); p != nil || resp.StatusCode != 403 {
				t.Errorf("%v", resp)
			}
		}
		b.SetBlocked(nil)
		b.join("alice", "a", "i")
	})
}

func TestFlowsAndEvents(t *testing.T) {
	peopled(t, Config{}, func(t *testing.T, b *bed) {
		var events []Event
		b.SetWatch(func(e Event) { events = append(events, e) })
		a, v := b.join("alice", "a", "", web("web")), b.join("bob", "v", "")
		b.SetGrants([]Grant{granted(alice, bob, "a", "web")})
		a.name = "alice/a"
		s, _ := open(v, a, "web")
		open(v, a, "web")
		want := Flow{Visitor: bob, Provider: alice, Client: "a", Service: "web", Sessions: 2}
		if f := b.Flows(); len(f) != 1 || f[0] != want {
			t.Errorf("%+v", f)
		}
		b.move(s, a, 100, 20)
		if c := b.Clients(); c[0].In != 100 || c[0].Out != 20 || c[1].In != 20 || c[1].Out != 100 || c[0].Sessions != 2 || !c[0].Addr.IsValid() {
			t.Errorf("%+v", c)
		}
		want.Sessions, want.Up, want.Down = 0, 100, 20
		if f := b.Flows(); len(f) != 1 || f[0] != want {
			t.Errorf("%+v", f)
		}
		b.move(s, a, 1, 2)
		b.EndSession(-1, s.SessionID, "enough")
		want.Up, want.Down = 1, 2
		if f := b.Flows(); len(f) != 1 || f[0] != want {
			t.Errorf("%+v", f)
		}
		if f := b.Flows(); len(f) != 0 {
			t.Errorf("told twice: %+v", f)
		}
		if c := b.Clients(); c[0].In != 101 || c[1].In != 22 {
			t.Errorf("%+v", c)
		}
		a.hangUp()
		time.Sleep(2 * keepEvery)
		if l := b.store.log(); len(l) != 1 || l[0].Up != 101 || l[0].Down != 22 || l[0].VisitorAccount != bob || l[0].ProviderAccount != alice {
			t.Errorf("%+v", l)
		}
		synctest.Wait()
		got := make([]EventKind, len(events))
		for i, e := range events {
			got[i] = e.Kind
		}
		if !slices.Equal(got, []EventKind{
			EventClientOnline, EventClientOnline, EventSessionBegun, EventSessionBegun, EventSessionEnded, EventClientOffline,
		}) || events[4] != (Event{EventSessionEnded, alice, bob, s.SessionID, "a/web: ended"}) {
			t.Errorf("%+v", events)
		}
	})
}

// pair opens a channel, and returns its ends and the relay's word to the
// provider.
func (b *bed) pair(s wire.CreateSession, provider *peer) (v, p net.Conn, line string) {
	b.t.Helper()
	b.lines++
	begin := func(l wire.Line, key wire.Key) net.Conn {
		near, far := net.Pipe()
		b.Relay().ServeChannel(piped{far}, b.from)
		l.Protocol, l.Key, l.Counter = wire.TCP, key.ID, b.lines
		if _, err := near.Write(l.Append(nil, key.Secret)); err != nil {
			b.t.Fatal(err)
		}
		return near
	}
	p = begin(wire.Line{Role: wire.Park}, provider.key)
	synctest.Wait()
	v = begin(wire.Line{Role: wire.Open, Session: s.SessionID}, *s.Key)
	line, err := bufio.NewReaderSize(p, 16).ReadString('\n') // of pipes: no byte more is read
	if err != nil || !strings.HasPrefix(line, "GO ") {
		b.t.Fatalf("%q, %v", line, err)
	}
	return v, p, strings.TrimSuffix(line, "\n")
}

// move has a session carry bytes over a channel of its own.
func (b *bed) move(s wire.CreateSession, provider *peer, up, down int) {
	b.t.Helper()
	v, p, _ := b.pair(s, provider)
	for _, way := range []struct {
		from, to net.Conn
		n, more  int
	}{{v, p, up, 0}, {p, v, down, 1}} { // the relay's + goes before the answer
		go func() { _, _ = way.from.Write(make([]byte, way.n)) }()
		if _, err := io.ReadFull(way.to, make([]byte, way.n+way.more)); err != nil {
			b.t.Fatal(err)
		}
	}
	synctest.Wait()
}

// piped is a channel without a socket.
type piped struct{ net.Conn }

func (p piped) CloseWrite() error { return p.Close() }
func (p piped) Reset() error      { return p.Close() }
