// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// TestDecisionsAreFinal: what a person has decided ends streams at both ends,
// at once (rules S15).
func TestDecisionsAreFinal(t *testing.T) {
	shared := []Grant{granted(alice, bob, "nas", "web")}
	for name, tc := range map[string]struct {
		code string
		do   func(b *bed)
	}{
		"provider's token":   {wire.CodeClientOffline, func(b *bed) { b.RevokeToken("alice") }},
		"visitor's token":    {wire.CodeClientOffline, func(b *bed) { b.RevokeToken("bob") }},
		"provider's account": {wire.CodeClientOffline, func(b *bed) { b.DropAccount(alice.ID, "is disabled") }},
		"visitor's account":  {wire.CodeClientOffline, func(b *bed) { b.DropAccount(bob.ID, "is disabled") }},
		"kicked":             {wire.CodeClientOffline, func(b *bed) { b.KickClient(bob.ID, "laptop") }},
		"grant":              {wire.CodeWithdrawn, func(b *bed) { b.SetGrants(nil) }},
		"session":            {wire.CodeEnded, func(b *bed) { b.EndSession(-1, b.Sessions()[0].ID, "enough") }},
	} {
		t.Run(name, func(t *testing.T) {
			peopled(t, Config{}, func(t *testing.T, b *bed) {
				b.SetGrants(shared)
				p, v := b.join("alice", "nas", "p", web("web")), b.join("bob", "laptop", "v")
				p.name = "alice/nas"
				s, _ := open(v, p, "web")
				vc, pc, _ := b.pair(s, p)
				began := time.Now()
				tc.do(b)
				for _, end := range []*peer{p, v} {
					if why := expect(t, end, tc.code, true); why.SessionID != s.SessionID {
						t.Errorf("%+v", why)
					}
				}
				for _, c := range []interface{ Read([]byte) (int, error) }{vc, pc} {
					if n, err := c.Read(make([]byte, 1)); err == nil {
						t.Errorf("%d bytes over a channel of a session that has ended", n)
					}
				}
				if d := time.Since(began); d > 2*time.Second {
					t.Errorf("after %v", d)
				}
			})
		})
	}
}

// TestFinalReachesWhoWasAway: the connection of an end was lost when somebody
// decided, so it is told when it is back; another process is not.
func TestFinalReachesWhoWasAway(t *testing.T) {
	for name, instance := range map[string]string{"the process": "v", "another": "w"} {
		t.Run(name, func(t *testing.T) {
			peopled(t, Config{}, func(t *testing.T, b *bed) {
				b.SetGrants([]Grant{granted(alice, bob, "nas", "web")})
				p, v := b.join("alice", "nas", "p", web("web")), b.join("bob", "laptop", "v")
				p.name = "alice/nas"
				s, _ := open(v, p, "web")
				v.hangUp()
				b.SetGrants(nil)
				expect(t, p, wire.CodeWithdrawn, true)
				v = b.join("bob", "laptop", instance)
				if instance == "v" {
					if why := expect(t, v, wire.CodeWithdrawn, true); why.SessionID != s.SessionID {
						t.Errorf("%+v", why)
					}
				}
				v.quiet()
				v = b.join("bob", "laptop", instance) // once is enough
				v.quiet()
			})
		})
	}
}

// TestAccidentsAreNotFinal: neither a lost connection, however long, nor the
// gateway's stop, nor its start ends streams.
func TestAccidentsAreNotFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, Config{})
		p, v := b.join("t1", "p", "p", web("web")), b.join("t1", "v", "v")
		open(v, p, "web")
		stop := make(chan struct{})
		var beating sync.WaitGroup
		beating.Go(func() { beat(stop, p) })
		v.hangUp()
		expect(t, p, wire.CodeClientOffline, false)
		close(stop)
		beating.Wait()
		v = b.join("t1", "v", "v")
		for len(p.in) > 0 { // answers to heartbeats
			<-p.in
		}
		again, _ := open(v, p, "web")
		p.hangUp()
		p = b.join("t1", "p", "p", web("web"))
		if len(p.got.Sessions) != 1 || p.got.Sessions[0] != again.SessionID {
			t.Errorf("%+v", p.got)
		}
		b.close()
		b = reopen(t, Config{}, b.store)
		defer b.close()
		p, v = b.join("t1", "p", "p", web("web")), b.join("t1", "v", "v")
		p.quiet()
		v.quiet()
		if len(p.got.Sessions)+len(v.got.Sessions) != 0 {
			t.Errorf("%+v, %+v", p.got, v.got)
		}
	})
}
