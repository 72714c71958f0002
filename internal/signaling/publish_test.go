// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

const publicSite = "https://*.apps.example.com:8443"

// named checks what has a label: client/service, or nothing.
func (b *bed) named(label, want string) {
	b.t.Helper()
	got := ""
	if n, ok := b.Named(label); ok {
		got = n.Client + " " + n.Service
	}
	if got != want {
		b.t.Errorf("%s is %q, want %q", label, got, want)
	}
	// Each label is of a client that is known, and one of its own.
	b.mu.Lock()
	defer b.mu.Unlock()
	b.names.mu.RLock()
	defer b.names.mu.RUnlock()
	for label, n := range b.names.byName {
		cl := n.client
		v, ok := cl.service(n.service)
		if !ok || v.Publish == nil || wire.PublicName(v.Publish.Host, cl.account.Name) != label ||
			cl.account.clients[cl.name] != cl || b.accounts[cl.account.ID] != cl.account {
			b.t.Errorf("%s is of %s/%s, which has %+v", label, cl.fullName(), n.service, v)
		}
	}
}

// told is what an answer says of published names: URLs and codes.
func told(r wire.RegisterResponse) string {
	var list []string
	for _, p := range r.Published {
		s := p.ServiceID + "=" + p.URL + p.Code
		if (p.Code == "") != (p.Error == "") || (p.Code == "") == (p.URL == "") {
			s += fmt.Sprintf("?%+v", p)
		}
		list = append(list, s)
	}
	return strings.Join(list, " ")
}

func TestPublishedNames(t *testing.T) {
	_, key := newKey(t)
	peopled(t, Config{PublicSite: publicSite, GatewayKey: key}, func(t *testing.T, b *bed) {
		b.addToken(Account{ID: 4, Name: "_Dan_d_"}, "dan")
		b.addToken(Account{ID: 5, Name: strings.Repeat("e", wire.MaxName)}, "eve")
		b.addToken(Account{ID: 6, Name: "___"}, "frank")
		at := func(id, label string) string { return id + "=" + strings.Replace(publicSite, "*", label, 1) }
		udp, ws, tcp := published("dns", "dns-1"), published("chat", "Chat"), published("ssh", "ssh")
		udp.Protocol, ws.Protocol, tcp.Protocol = wire.ServiceUDP, wire.ServiceWS, wire.ServiceTCP
		for _, tc := range []struct {
			token    string
			services []wire.Service
			want     string
			named    map[string]string
		}{
			{"t1", []wire.Service{published("web", "Shop"), published("bare", ""), web("no")}, at("web", "shop"), map[string]string{"shop": "c0 web", "web": "", "bare": ""}},
			{"alice", []wire.Service{published("web", "Shop"), ws}, at("web", "shop-alice") + " " + at("chat", "chat-alice"), map[string]string{"shop-alice": "alice/c1 web", "chat-alice": "alice/c1 chat"}},
			{"dan", []wire.Service{published("web", "x")}, at("web", "x-dan-d"), map[string]string{"x-dan-d": "_Dan_d_/c2 web", "x-_dan_d_": ""}},
			{"alice", []wire.Service{udp, tcp}, "dns=" + wire.CodeInvalid + " ssh=" + wire.CodeInvalid, map[string]string{"dns-1-alice": "", "ssh-alice": ""}},
			{"eve", []wire.Service{published("web", "a")}, "web=" + wire.CodeInvalid, nil},
			{"frank", []wire.Service{published("web", "a")}, "web=" + wire.CodeInvalid, map[string]string{"a-": "", "a": ""}},
			{"alice", []wire.Service{published("web", strings.Repeat("a", 57)), published("long", strings.Repeat("a", 58))}, at("web", strings.Repeat("a", 57)+"-alice") + " long=" + wire.CodeInvalid, nil},
			{"t1", []wire.Service{published("a", "admin"), published("b", "WWW"), published("c", "api1")}, "a=" + wire.CodeNameTaken + " b=" + wire.CodeNameTaken + " " + at("c", "api1"), map[string]string{"admin": "", "www": "", "api1": "c7 c"}},
			{"alice", []wire.Service{published("a", "admin")}, at("a", "admin-alice"), map[string]string{"admin-alice": "alice/c8 a"}}, // nobody takes that for the gateway's
			{"bob", []wire.Service{published("a", "x"), published("b", "X"), published("c", "x2")}, at("a", "x-bob") + " b=" + wire.CodeNameTaken + " " + at("c", "x2-bob"), map[string]string{"x-bob": "bob/c9 a"}},
			{"bob", []wire.Service{published("a", "x"), published("d", "x3")}, "a=" + wire.CodeNameTaken + " " + at("d", "x3-bob"), map[string]string{"x-bob": "bob/c9 a"}},
			{"t1", []wire.Service{published("a", "x-bob")}, "a=" + wire.CodeNameTaken, map[string]string{"x-bob": "bob/c9 a"}},
			{"t2", []wire.Service{published("a", "shop")}, "a=" + wire.CodeNameTaken, map[string]string{"shop": "c0 web"}},
		} {
			name := fmt.Sprint("c", len(b.Clients()))
			p := b.join(tc.token, name, "", tc.services...)
			if got := told(p.got); got != tc.want {
				t.Errorf("%s is told %q, want %q", name, got, tc.want)
			}
			if p.got.GatewayKey == nil || *p.got.GatewayKey != *key {
				t.Errorf("%s is told the key %v", name, p.got.GatewayKey)
			}
			for label, who := range tc.named {
				b.named(label, who)
			}
		}
		// What did not get its name is published all the same, and nobody learns
		// whose it is.
		p, _ := b.dial("t1")
		r := p.register("last", "", published("mine", "x2-bob"), published("theirs", "shop"))
		if e := r.Published[0].Error; strings.Contains(e, "bob/") || strings.Contains(e, "c9") || !strings.Contains(e, "x2-bob") || !strings.Contains(e, "somebody else") {
			t.Errorf("of another account's: %q", e)
		}
		if e := r.Published[1].Error; !strings.Contains(e, "c0") || !strings.Contains(e, "web") {
			t.Errorf("of the own account's: %q", e)
		}
		p.name = "last"
		open(b.own(), p, "mine")
	})
}

// TestDomains: a service has a domain while that is its account's, and everybody
// concerned is told of a change.
func TestDomains(t *testing.T) {
	cfg := Config{
		PublicSite: publicSite, DomainSite: "https://*:8443",
		DomainProof: func(account int64, domain string) (string, string) {
			return "_culvert." + domain, fmt.Sprint("value-", account)
		},
	}
	const site, url = "www.example.org", "web=https://www.example.org:8443"
	peopled(t, cfg, func(t *testing.T, b *bed) {
		a := b.join("alice", "a", "", published("web", "WWW.Example.org"))
		c := b.join("bob", "b", "", published("web", site))
		o := b.join("t1", "o", "", published("web", "www.example.net"))
		for _, p := range []*peer{a, c, o} {
			if got := told(p.got); got != "web="+wire.CodeNotProven {
				t.Errorf("%s is told %q", p.name, got)
			}
		}
		if e := a.got.Published[0].Error; !strings.Contains(e, "_culvert."+site) || !strings.Contains(e, fmt.Sprint("value-", alice.ID)) {
			t.Errorf("alice is told %q", e)
		}
		b.named(site, "")
		news := func(p *peer, want string) {
			t.Helper()
			r, _ := hear[wire.RegisterResponse](p, wire.TypeRegisterResponse)
			if got := told(r); got != want {
				t.Errorf("%s is told %q, want %q", p.name, got, want)
			}
		}
		b.SetDomains(map[string]int64{site: alice.ID, "www.example.net": 0})
		news(a, url)
		news(o, "web=https://www.example.net:8443")
		b.named(site, "alice/a web")
		// Both hear of it, and what one loses the other has.
		b.SetDomains(map[string]int64{site: bob.ID, "www.example.net": 0})
		news(a, "web="+wire.CodeNotProven)
		news(c, url)
		b.named(site, "bob/b web")
		b.named("www.example.net", "o web")
		b.SetDomains(map[string]int64{})
		news(c, "web="+wire.CodeNotProven)
		b.named(site, "")
		// A second service for the same domain, and a gateway that has no site.
		b.SetDomains(map[string]int64{site: bob.ID})
		news(o, "web="+wire.CodeNotProven)
		news(c, url)
		again := b.join("bob", "b2", "", published("web", site))
		if got := told(again.got); got != "web="+wire.CodeNameTaken {
			t.Errorf("a second is told %q", got)
		}
		b.Configure(Config{PublicSite: publicSite})
		news(c, "web="+wire.CodeNotPublished)
		b.named(site, "bob/b web")
	})
}

// TestDomainsAfterARestart are those of the store, and then those that are proven.
func TestDomainsAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, Config{DomainSite: "https://*"})
		b.SetDomains(map[string]int64{"a.example.org": 0, "b.example.org": 0})
		b.join("t1", "p", "", published("a", "a.example.org"), published("b", "b.example.org"))
		b.named("a.example.org", "p a")
		b.close()
		b = reopen(t, Config{DomainSite: "https://*"}, b.store)
		defer b.close()
		b.named("a.example.org", "p a")
		b.SetDomains(map[string]int64{"b.example.org": 0})
		b.named("a.example.org", "")
		b.named("b.example.org", "p b")
	})
}

// TestHostsOfServices that cannot be any are refused with the registration.
func TestHostsOfServices(t *testing.T) {
	bubble(t, Config{PublicSite: publicSite}, func(t *testing.T, b *bed) {
		p, _ := b.dial("t1")
		for _, host := range []string{"a.b-", "-a.b", "a..b", "10.0.0.1", "127.1", "1.0x7f", ".a", "a.", "-a", "a-", "a_b", "xn--a", "é", "\u212a", "*", strings.Repeat("a", 64)} {
			if r := p.register("p", "", published("web", host)); r.Success || r.Code != wire.CodeInvalid || !strings.Contains(r.Error, "services[0].publish.host") {
				t.Errorf("%q: %+v", host, r)
			}
		}
	})
}

// TestNamesAreKept as long as a client offers them, online or not, and no longer.
func TestNamesAreKept(t *testing.T) {
	peopled(t, Config{PublicSite: publicSite}, func(t *testing.T, b *bed) {
		a := b.join("t1", "a", "i", published("web", "shop"), published("api", "api1"))
		b.named("shop", "a web")
		a.hangUp()
		time.Sleep(grace + time.Second)
		b.named("shop", "a web")
		v := b.join("t2", "v", "", published("web", "shop"))
		if got := told(v.got); got != "web="+wire.CodeNameTaken {
			t.Error(got)
		}
		// Its own process, or another, finds its names again, and may swap them.
		a = b.join("t1", "a", "j", published("web", "api1"), published("api", "shop"))
		b.named("shop", "a api")
		b.named("api1", "a web")
		a.send(wire.TypeUnregister, "", nil)
		a.quiet()
		b.named("shop", "a api")

		// Who does not want them any more lets go of them.
		a = b.join("t1", "a", "j", published("web", ""), web("api"))
		b.named("shop", "")
		b.named("api1", "")
		if len(a.got.Published) != 0 {
			t.Errorf("%+v", a.got.Published)
		}
		if r := v.register("v", "", published("web", "shop")); told(r) != "web="+strings.Replace(publicSite, "*", "shop", 1) {
			t.Errorf("%+v", r.Published)
		}
		b.named("shop", "v web")
		b.RevokeToken("t2")
		b.named("shop", "")

		n := b.join("alice", "n", "", published("web", "shop"))
		b.named("shop-alice", "alice/n web")
		b.DropAccount(alice.ID, "is disabled")
		b.named("shop-alice", "")
		n.closed(wire.CloseUnauthorized)

		// Names that were assigned are gone with their clients, and so are labels.
		p, _ := b.dial("t1")
		p.register("", "", published("web", "soon"))
		b.named("soon", p.got.AssignedID+" web")
		p.hangUp()
		b.named("soon", p.got.AssignedID+" web")
		time.Sleep(grace + time.Second)
		b.named("soon", "")
	})
}

// TestNamesOutliveTheProcess: they are loaded with their services, and only those
// that were granted.
func TestNamesOutliveTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, Config{PublicSite: publicSite})
		b.addToken(alice, "alice")
		b.join("t1", "a", "", published("web", "shop"), published("x", "shop"), published("y", "admin"), web("z"))
		b.join("t2", "late", "", published("web", "shop"))
		b.join("alice", "a", "", published("web", "shop"))
		time.Sleep(2 * keepEvery)
		kept, _ := b.store.Clients(t.Context())
		for _, c := range kept {
			for _, v := range c.Services {
				host := ""
				if v.Publish != nil {
					host = v.Publish.Host
				}
				first := c.Name == "a" && v.ID == "web"
				if (host != "") != first || (v.Publish == nil) != (v.ID == "z") {
					t.Errorf("kept of %s: %+v, host %q", c.Name, v, host)
				}
			}
		}
		b.close()
		b = reopen(t, Config{PublicSite: publicSite}, b.store)
		defer b.close()
		b.named("shop", "a web")
		b.named("shop-alice", "alice/a web")
		b.named("admin", "")
		if l := b.join("t2", "late", "", published("web", "shop")); told(l.got) != "web="+wire.CodeNameTaken {
			t.Errorf("%+v", l.got)
		}
		b.DropAccount(alice.ID, "is disabled")
		b.named("shop-alice", "")
		if err := b.RestoreAccount(t.Context(), alice.ID); err != nil {
			t.Fatal(err)
		}
		b.named("shop-alice", "alice/a web")
		if a := b.join("t1", "a", "", published("web", "shop"), published("y", "admin")); told(a.got) !=
			"web="+strings.Replace(publicSite, "*", "shop", 1)+" y="+wire.CodeNameTaken {
			t.Errorf("%+v", a.got)
		}
	})
}

// TestPublicSiteChanges: URLs are those of the site, and who has some is told when
// it is another.
func TestPublicSiteChanges(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		a := b.join("t1", "a", "i", published("web", "shop"), published("y", "admin"), published("bare", ""))
		if got := told(a.got); got != "web="+wire.CodeNotPublished+" y="+wire.CodeNameTaken {
			t.Error(got)
		}
		b.named("shop", "a web") // there may be a site some day
		again := func() wire.RegisterResponse {
			t.Helper()
			r, m := hear[wire.RegisterResponse](a, wire.TypeRegisterResponse)
			if m.ID != "" || !r.Success || *r.Key != a.key {
				t.Errorf("%q: %+v", m.ID, r)
			}
			return r
		}
		b.Configure(Config{PublicSite: publicSite})
		if got := told(again()); got != "web=https://shop.apps.example.com:8443 y="+wire.CodeNameTaken {
			t.Error(got)
		}
		b.Configure(Config{PublicSite: publicSite})
		a.quiet()
		b.Configure(Config{PublicSite: "http://*.localhost"})
		if got := told(again()); got != "web=http://shop.localhost y="+wire.CodeNameTaken {
			t.Error(got)
		}
		b.Configure(Config{})
		if got := told(again()); got != "web="+wire.CodeNotPublished+" y="+wire.CodeNameTaken {
			t.Error(got)
		}
		// What is told is not what is kept.
		if c := b.Clients()[0]; !reflect.DeepEqual(c.Services, []wire.Service{published("web", "shop"), published("y", ""), published("bare", "")}) {
			t.Errorf("%+v", c.Services)
		}
	})
}

// TestReservedNames are labels, in the form in which they are looked up.
func TestReservedNames(t *testing.T) {
	for i, label := range reserved {
		if !wire.ValidLabel(label) || wire.PublicLabel(label, "") != label || slices.Contains(reserved[:i], label) {
			t.Errorf("%q, or it is there twice", label)
		}
	}
}

// TestAdoptedNames: what the operator's clients publish has the name of the account
// that they come to belong to, and they are told.
func TestAdoptedNames(t *testing.T) {
	peopled(t, Config{PublicSite: publicSite}, func(t *testing.T, b *bed) {
		a := b.join("t1", "a", "i", published("web", "shop"))
		b.named("shop", "a web")
		b.Adopt(alice)
		b.named("shop", "")
		b.named("shop-alice", "alice/a web")
		r, _ := hear[wire.RegisterResponse](a, wire.TypeRegisterResponse)
		if want := strings.Replace(publicSite, "*", "shop-alice", 1); len(r.Published) != 1 || r.Published[0].URL != want {
			t.Errorf("%+v, want %s", r.Published, want)
		}
	})
}

// noPorts can open none.
type noPorts struct{}

func (noPorts) Listen(Port) error { return errors.New("address already in use") }
func (noPorts) Unlisten(Port)     {}

// TestPortsThatCannotBeOpened: nobody is shown a URL that leads nowhere.
func TestPortsThatCannotBeOpened(t *testing.T) {
	peopled(t, Config{TCPPorts: PortRange{20000, 20001}}, func(t *testing.T, b *bed) {
		port := 0
		b.join("t1", "a", "i", wire.Service{ID: "ssh", Protocol: wire.ServiceTCP, Publish: &wire.Publish{TCP: &port}})
		urls := func() int {
			n := 0
			for _, c := range b.Clients() {
				n += len(c.URLs)
			}
			return n
		}
		if _, ok := b.NamedPort(Port{wire.TCP, 20000}); !ok || urls() != 1 {
			t.Fatal("there is no port")
		}
		if n := b.SetPorts(noPorts{}); n != 1 {
			t.Errorf("%d could not be opened", n)
		}
		if _, ok := b.NamedPort(Port{wire.TCP, 20000}); ok || urls() != 0 {
			t.Errorf("it is shown all the same: %d URLs", urls())
		}
	})
}
