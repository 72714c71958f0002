// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// say sends a message to signaling.
func say(t *testing.T, ws *websocket.Conn, typ wire.Type, payload any) {
	t.Helper()
	b, err := wire.Encode(typ, "", payload)
	if err != nil {
		t.Fatal(err)
	}
	if err := ws.WriteMessage(websocket.TextMessage, b); err != nil {
		t.Fatal(err)
	}
}

// comeWith registers a client that is there already with a key, and returns the
// answer.
func comeWith(t *testing.T, ws *websocket.Conn, name string, key wire.PublicKey) string {
	t.Helper()
	say(t, ws, wire.TypeRegister, wire.Register{ClientID: name, Instance: "i", PublicKey: &key})
	_, b, err := ws.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestForgetClientKey(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	ann, bob, ctx := r.person("ann", store.UserLimits{}), r.person("bob", store.UserLimits{}), t.Context()
	_, text := r.clientToken(ann)
	ws := r.signIn(text, "nas")
	if _, err := r.ForgetClientKey(ctx, ann, "nas"); !isCode(err, account.CodeNotFound) {
		t.Errorf("without a key: %v", err)
	}
	first, second, third := wire.PublicKey{1}, wire.PublicKey{2}, wire.PublicKey{3}
	if got := comeWith(t, ws, "nas", first); !strings.Contains(got, `"success":true`) {
		t.Fatal(got)
	}
	if c, err := r.Client(ctx, ann, "nas"); err != nil || c.Fingerprint != first.Fingerprint() {
		t.Errorf("%+v, %v", c, err)
	}
	if got := comeWith(t, ws, "nas", second); !strings.Contains(got, wire.CodeKeyChanged) || !strings.Contains(got, "forget-key ann/nas") {
		t.Error(got)
	}
	if _, err := r.ForgetClientKey(ctx, bob, "nas"); !isCode(err, account.CodeNotFound) {
		t.Errorf("by another: %v", err)
	}
	was, err := r.ForgetClientKey(ctx, ann, "nas")
	if err != nil || was != first.Fingerprint() {
		t.Errorf("%q, %v", was, err)
	}
	if got := comeWith(t, ws, "nas", second); !strings.Contains(got, `"success":true`) {
		t.Error(got)
	}

	// As a command does it, with an entry in the audit log.
	for _, wrong := range []string{"ann/pi", "nobody/nas", "nas"} {
		var e *control.Error
		if err := r.core.ForgetClientKey(ctx, wrong); !errors.As(err, &e) || e.Code != control.CodeNotFound {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	if err := r.core.ForgetClientKey(ctx, "ann/nas"); err != nil {
		t.Error(err)
	}
	var e *control.Error
	if err := r.core.ForgetClientKey(ctx, "ann/nas"); !errors.As(err, &e) || e.Code != control.CodeNotFound {
		t.Errorf("again: %v", err)
	}
	log, _, err := r.b.store.Audit(ctx, store.AuditFilter{Action: "client.forget_key"}, store.Page{})
	if err != nil || len(log) != 1 || log[0].Target != inventory.ClientTarget(ann, "nas") || !strings.Contains(string(log[0].Before), second.Fingerprint()) {
		t.Errorf("%+v, %v", log, err)
	}
	if got := comeWith(t, ws, "nas", third); !strings.Contains(got, `"success":true`) {
		t.Error(got)
	}
	// The store has it, a second later.
	kept := func() (key string) {
		list, err := r.b.store.Clients(ctx)
		if err != nil || len(list) > 1 {
			t.Fatal(list, err)
		}
		if len(list) == 1 {
			key = list[0].PublicKey
		}
		return key
	}
	for deadline := time.Now().Add(5 * time.Second); kept() != third.String(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the store has %q", kept())
		}
	}
}

func TestStreamsOfAClient(t *testing.T) {
	r := newRig(t, dataDir(t), Config{})
	ann, bob, ctx := r.person("ann", store.UserLimits{}), r.person("bob", store.UserLimits{}), t.Context()
	_, text := r.clientToken(ann)
	ws := r.signIn(text, "nas")
	if s, err := r.Streams(ctx, ann, "nas"); err != nil || s.Items == nil || len(s.Items) != 0 || !s.ReportedAt.IsZero() {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := r.Streams(ctx, bob, "nas"); !isCode(err, account.CodeNotFound) {
		t.Error(err)
	}
	begun := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	say(t, ws, wire.TypeStreams, wire.Streams{Total: 3, Streams: []wire.StreamInfo{{
		ID: "00112233445566778899aabbccddeeff", Role: wire.Provider, Peer: "bob/laptop", Service: "ssh", Path: "relay",
		Begun: begun.UnixMilli(), BytesIn: 1, BytesOut: 2, Unacked: 3, Resumptions: 4, LastFault: "reset",
		FaultAt: begun.Add(time.Hour).UnixMilli(), Latency: 12.5, Leg: 6,
	}}})
	say(t, ws, wire.TypeHeartbeat, wire.Heartbeat{Timestamp: 1}) // its answer comes after
	if _, b, err := ws.ReadMessage(); err != nil || !strings.Contains(string(b), `"heartbeat"`) {
		t.Fatalf("%s, %v", b, err)
	}
	s, err := r.Streams(ctx, ann, "nas")
	want := inventory.Stream{
		ID: "00112233445566778899aabbccddeeff", Role: "provider", Peer: "bob/laptop", Service: "ssh", Path: "relay", BegunAt: begun,
		BytesIn: 1, BytesOut: 2, Unacknowledged: 3, Resumptions: 4, LastFault: "reset", FaultAt: begun.Add(time.Hour), Latency: 12.5, Leg: 6,
	}
	if err != nil || s.Total != 3 || len(s.Items) != 1 || s.Items[0] != want || time.Since(s.ReportedAt) > time.Minute {
		t.Errorf("%+v, %v", s, err)
	}
}
