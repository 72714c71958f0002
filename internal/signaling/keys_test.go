// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// newKey returns a key as a client has it, and its public half.
func newKey(t *testing.T) (ed25519.PrivateKey, *wire.PublicKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return private, (*wire.PublicKey)(public)
}

// registerAs sends r, and returns the answer.
func (p *peer) registerAs(r wire.Register) wire.RegisterResponse {
	p.t.Helper()
	p.send(wire.TypeRegister, "", r)
	p.got, _ = hear[wire.RegisterResponse](p, wire.TypeRegisterResponse)
	p.name = r.ClientID
	return p.got
}

// joinKeyed is join for a client with a key.
func (b *bed) joinKeyed(token string, r wire.Register) *peer {
	b.t.Helper()
	p, _ := b.dial(token)
	if got := p.registerAs(r); !got.Success {
		b.t.Fatalf("%s: %+v", r.ClientID, got)
	}
	p.key = *p.got.Key
	return p
}

func TestFirstKeyIsTheName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, Config{})
		_, first := newKey(t)
		_, second := newKey(t)
		b.joinKeyed("t1", wire.Register{ClientID: "a", Instance: "i", PublicKey: first}).hangUp()
		time.Sleep(2 * keepEvery)
		b.close()
		b = reopen(t, Config{}, b.store) // and it outlives the process
		defer b.close()
		for _, key := range []*wire.PublicKey{second, nil} {
			p, _ := b.dial("t1")
			r := p.registerAs(wire.Register{ClientID: "a", Instance: "i", PublicKey: key})
			if r.Success || r.Code != wire.CodeKeyChanged || !strings.Contains(r.Error, first.Fingerprint()) ||
				!strings.Contains(r.Error, "culvert client forget-key a`") || !strings.Contains(r.Error, "/api/v1/clients/a/key") {
				t.Errorf("%v: %+v", key, r)
			}
			if key != nil && !strings.Contains(r.Error, key.Fingerprint()) {
				t.Error(r.Error)
			}
			if c := b.Clients(); c[0].Online || *c[0].PublicKey != *first {
				t.Errorf("%+v", c)
			}
		}
		a := b.joinKeyed("t1", wire.Register{ClientID: "a", Instance: "i", PublicKey: first})
		v := b.join("t1", "v", "")
		v.send(wire.TypeGetClientList, "", nil)
		l, _ := hear[wire.ClientList](v, wire.TypeClientList)
		if len(l.Clients) != 2 || l.Clients[0].PublicKey == nil || *l.Clients[0].PublicKey != *first || l.Clients[1].PublicKey != nil {
			t.Errorf("%+v", l)
		}
		// Nor does it change on a connection that is registered, where all stays as it was.
		if r := a.registerAs(wire.Register{ClientID: "a", Instance: "i", PublicKey: second}); r.Code != wire.CodeKeyChanged {
			t.Errorf("%+v", r)
		}
		if c := b.Clients(); !c[0].Online || *c[0].PublicKey != *first {
			t.Errorf("%+v", c)
		}
	})
}

// A client that had no key may get one, and is bound by it from then on.
func TestKeyComesLater(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		_, key := newKey(t)
		a := b.join("t1", "a", "i")
		if r := a.registerAs(wire.Register{ClientID: "a", Instance: "i", PublicKey: key}); !r.Success {
			t.Errorf("%+v", r)
		}
		if r := a.registerAs(wire.Register{ClientID: "a", Instance: "i"}); r.Code != wire.CodeKeyChanged {
			t.Errorf("%+v", r)
		}
	})
}

// TestRotation: the old key names the new one, whose process is another even
// if it says otherwise; what the old one had begun is over.
func TestRotation(t *testing.T) {
	for name, instance := range map[string]string{"same process": "i", "another process": "j"} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Config{}, func(t *testing.T, b *bed) {
				old, first := newKey(t)
				_, second := newKey(t)
				forger, _ := newKey(t)
				a := b.joinKeyed("t1", wire.Register{ClientID: "a", Instance: "i", PublicKey: first, Services: []wire.Service{web("web")}})
				_, vk := newKey(t)
				v := b.joinKeyed("t1", wire.Register{ClientID: "v", Instance: "v", PublicKey: vk})
				s, _ := open(v, a, "web")
				for _, bad := range []*wire.Rotation{wire.Rotate(forger, *second), wire.Rotate(old, *first), {Previous: *first, Signature: []byte("x")}} {
					p, _ := b.dial("t1")
					if r := p.registerAs(wire.Register{ClientID: "a", Instance: instance, PublicKey: second, Rotation: bad}); r.Code != wire.CodeKeyChanged {
						t.Errorf("%+v", r)
					}
				}
				v.quiet()
				next := wire.Register{ClientID: "a", Instance: instance, PublicKey: second, Rotation: wire.Rotate(old, *second)}
				p := b.joinKeyed("t1", next)
				for _, end := range []*peer{v, a} {
					if why := expect(t, end, wire.CodeKeyChanged, true); why.SessionID != s.SessionID {
						t.Errorf("%+v", why)
					}
				}
				if p.key == a.key || len(p.got.Sessions) != 0 || *b.Clients()[0].PublicKey != *second {
					t.Errorf("%+v", p.got)
				}
				// The new key is the name now, and the rotation is a word of the past.
				if r := p.registerAs(next); !r.Success || *r.Key != p.key {
					t.Errorf("%+v", r)
				}
				q, _ := b.dial("t1")
				if r := q.registerAs(wire.Register{ClientID: "a", Instance: "i", PublicKey: first}); r.Code != wire.CodeKeyChanged {
					t.Errorf("%+v", r)
				}
			})
		})
	}
}

func TestForgetKey(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		_, first := newKey(t)
		_, second := newKey(t)
		a := b.joinKeyed("t1", wire.Register{ClientID: "a", Instance: "i", PublicKey: first, Services: []wire.Service{web("web")}})
		_, vk := newKey(t)
		v := b.joinKeyed("t1", wire.Register{ClientID: "v", Instance: "v", PublicKey: vk})
		open(v, a, "web")
		for _, who := range []struct {
			account int64
			name    string
		}{{0, "nobody"}, {7, "a"}} {
			if b.ForgetKey(who.account, who.name) {
				t.Errorf("%+v is known", who)
			}
		}
		if !b.ForgetKey(0, "a") || b.Clients()[0].PublicKey != nil {
			t.Error("it is not forgotten")
		}
		a.quiet() // who is there may stay
		time.Sleep(2 * keepEvery)
		if c, _ := b.store.Clients(t.Context()); c[0].PublicKey != nil && c[1].PublicKey != nil {
			t.Errorf("the store has %+v", c)
		}
		b.joinKeyed("t1", wire.Register{ClientID: "a", Instance: "j", PublicKey: second})
		expect(t, v, wire.CodeKeyChanged, true)
		if *b.Clients()[0].PublicKey != *second {
			t.Error("the next key is not the name's")
		}
	})
}
