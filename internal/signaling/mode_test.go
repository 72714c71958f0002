// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/wire"
)

// TestMode: all that the two ends can have said of encryption.
func TestMode(t *testing.T) {
	for _, tc := range []struct {
		name                string
		visitor, provider   bool // has a key
		wish, word          string
		mode, refusal, part string
	}{
		{name: "both can", visitor: true, provider: true, mode: wire.ModeTLS},
		{name: "both can, only the visitor need not", visitor: true, provider: true, wish: "none", mode: wire.ModeTLS},
		{name: "both can, only the provider need not", visitor: true, provider: true, word: "none", mode: wire.ModeTLS},
		{name: "both can, neither need", visitor: true, provider: true, wish: "none", word: "none", mode: wire.ModePlain},
		{name: "first design", mode: wire.ModePlain},
		{name: "old visitor", provider: true, refusal: wire.CodeNoEncryption, part: "encryption: none in the configuration of p"},
		{name: "old visitor may", provider: true, word: "none", mode: wire.ModePlain},
		{name: "old provider", visitor: true, refusal: wire.CodeNoEncryption, part: "--encryption none"},
		{name: "old provider may", visitor: true, wish: "none", mode: wire.ModePlain},
		{name: "old provider that says so", visitor: true, word: "none", refusal: wire.CodeNoEncryption, part: "the client p knows no encryption"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, Config{}, func(t *testing.T, b *bed) {
				service := web("web")
				service.Encryption = tc.word
				pr := wire.Register{ClientID: "p", Instance: "p", Services: []wire.Service{service}}
				vr := wire.Register{ClientID: "v", Instance: "v"}
				if tc.provider {
					_, pr.PublicKey = newKey(t)
				}
				if tc.visitor {
					_, vr.PublicKey = newKey(t)
				}
				p, v := b.joinKeyed("t1", pr), b.joinKeyed("t1", vr)
				v.send(wire.TypeConnectRequest, "c", wire.ConnectRequest{ToClientID: "p", ServiceID: "web", SessionID: "L", Encryption: tc.wish})
				if tc.refusal != "" {
					r, _ := hear[wire.RejectSession](v, wire.TypeRejectSession)
					if r.Code != tc.refusal || !strings.Contains(r.Reason, tc.part) || r.SessionID != "L" {
						t.Errorf("%+v", r)
					}
					p.quiet()
					return
				}
				req, _ := hear[wire.ConnectRequest](p, wire.TypeConnectRequest)
				if req.Encryption != tc.wish || !sameKey(req.PublicKey, vr.PublicKey) {
					t.Errorf("%+v", req)
				}
				p.send(wire.TypeAcceptSession, "", wire.AcceptSession{SessionID: req.SessionID})
				ps, _ := hear[wire.CreateSession](p, wire.TypeCreateSession)
				vs, _ := hear[wire.CreateSession](v, wire.TypeCreateSession)
				if ps.Mode != tc.mode || vs.Mode != tc.mode || !sameKey(ps.PeerKey, vr.PublicKey) || !sameKey(vs.PeerKey, pr.PublicKey) {
					t.Errorf("provider: %+v, visitor: %+v", ps, vs)
				}
				_, _, line := b.pair(vs, p)
				if line != "GO "+vs.SessionID+" web tcp "+tc.mode {
					t.Errorf("the relay says %q", line)
				}
			})
		})
	}
}

func TestUnknownEncryption(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		v := b.join("t1", "v", "")
		bad := web("web")
		bad.Encryption = "rot13"
		if r := v.register("v", "", bad); r.Code != wire.CodeInvalid || !strings.Contains(r.Error, "services[0].encryption") {
			t.Errorf("%+v", r)
		}
		v.send(wire.TypeConnectRequest, "", wire.ConnectRequest{ToClientID: "v", ServiceID: "web", Encryption: "rot13"})
		if e, _ := hear[wire.ErrorPayload](v, wire.TypeError); e.Code != wire.CodeInvalid {
			t.Errorf("%+v", e)
		}
	})
}

// TestEncryptionIsWantedAgain: a provider that takes its consent back, before
// it answers or after, carries nothing in the clear any more.
func TestEncryptionIsWantedAgain(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		bare := web("web")
		bare.Encryption = wire.EncryptionNone
		_, pk := newKey(t)
		_, vk := newKey(t)
		offer := func(v wire.Service) wire.Register {
			return wire.Register{ClientID: "p", Instance: "p", PublicKey: pk, Services: []wire.Service{v}}
		}
		p := b.joinKeyed("t1", offer(bare))
		v := b.joinKeyed("t1", wire.Register{ClientID: "v", Instance: "v", PublicKey: vk})
		old := b.join("t1", "old", "")
		s1 := ask1(t, v, p)
		s2 := ask1(t, old, p)
		if s1.Mode != wire.ModePlain || s2.Mode != wire.ModePlain {
			t.Fatalf("%+v, %+v", s1, s2)
		}
		var waiting []string
		for _, x := range []*peer{v, old} {
			x.send(wire.TypeConnectRequest, "", wire.ConnectRequest{ToClientID: "p", ServiceID: "web", SessionID: "L", Encryption: wire.EncryptionNone})
			req, _ := hear[wire.ConnectRequest](p, wire.TypeConnectRequest)
			waiting = append(waiting, req.SessionID)
		}
		if r := p.registerAs(offer(web("web"))); !r.Success || len(r.Sessions) != 0 {
			t.Errorf("%+v", r)
		}
		for _, x := range []*peer{v, old} {
			expect(t, x, wire.CodeNoEncryption, false) // who can may ask again
		}
		for _, id := range waiting {
			p.send(wire.TypeAcceptSession, "", wire.AcceptSession{SessionID: id})
		}
		if s, _ := hear[wire.CreateSession](v, wire.TypeCreateSession); s.Mode != wire.ModeTLS {
			t.Errorf("%+v", s)
		}
		hear[wire.CreateSession](p, wire.TypeCreateSession)
		if r, _ := hear[wire.RejectSession](old, wire.TypeRejectSession); r.Code != wire.CodeNoEncryption {
			t.Errorf("%+v", r)
		}
		if e, _ := hear[wire.ErrorPayload](p, wire.TypeError); e.Code != wire.CodeSessionNotFound {
			t.Errorf("%+v", e)
		}
		// What is encrypted stays so when it need not be.
		if r := p.registerAs(offer(bare)); len(r.Sessions) != 1 {
			t.Errorf("%+v", r)
		}
		v.quiet()
	})
}

// A service that is gone when its provider accepts is no session.
func TestServiceGoneBeforeTheAnswer(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		p, v := b.join("t1", "p", "i", web("web")), b.join("t1", "v", "")
		v.send(wire.TypeConnectRequest, "", wire.ConnectRequest{ToClientID: "p", ServiceID: "web", SessionID: "L"})
		req, _ := hear[wire.ConnectRequest](p, wire.TypeConnectRequest)
		p.register("p", "i", wire.Service{ID: "web", Protocol: wire.ServiceUDP})
		p.send(wire.TypeAcceptSession, "", wire.AcceptSession{SessionID: req.SessionID})
		if r, _ := hear[wire.RejectSession](v, wire.TypeRejectSession); r.Code != wire.CodeServiceNotFound || r.SessionID != "L" {
			t.Errorf("%+v", r)
		}
		if n := len(b.Sessions()); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

// ask1 makes a session with p's service web for a visitor that needs no
// encryption, and returns what it is told.
func ask1(t *testing.T, v, p *peer) wire.CreateSession {
	t.Helper()
	v.send(wire.TypeConnectRequest, "", wire.ConnectRequest{ToClientID: "p", ServiceID: "web", Encryption: wire.EncryptionNone})
	req, _ := hear[wire.ConnectRequest](p, wire.TypeConnectRequest)
	p.send(wire.TypeAcceptSession, "", wire.AcceptSession{SessionID: req.SessionID})
	hear[wire.CreateSession](p, wire.TypeCreateSession)
	s, _ := hear[wire.CreateSession](v, wire.TypeCreateSession)
	return s
}
