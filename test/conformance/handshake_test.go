// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"testing"

	"github.com/culvertd/culvert/internal/hub"
	ws "github.com/culvertd/culvert/internal/wstest"
	"github.com/culvertd/culvert/test/hubserver"
)

// TestHandshake is group 0 of Autobahn, which it never filled: what a request
// must have (RFC 6455 §4.2.1), and what refuses it. Refusals are JSON with a
// code, and an upgrade never happens.
func TestHandshake(t *testing.T) {
	srv := hubserver.Start(t, hub.Config{})
	url := srv.URL("known", hub.Settings{Origins: []string{"https://app.example.com"}})
	full := srv.URL("full", hub.Settings{Limits: hub.Limits{MaxConnections: 1}})
	first, err := ws.Dial(t.Context(), full, ws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	for _, tc := range []struct {
		name   string
		url    string
		header http.Header
		status int
	}{
		{"plain", url, nil, 101},
		{"names in other cases", url, http.Header{"Upgrade": {"WebSocket"}, "Connection": {"keep-alive, upgrade"}}, 101},
		{"allowed origin", url, http.Header{"Origin": {"https://app.example.com"}}, 101},
		{"cookies are not read", url, http.Header{"Cookie": {"a=b"}}, 101},
		{"other origin", url, http.Header{"Origin": {"https://evil.example.com"}}, 403},
		{"origin that only begins well", url, http.Header{"Origin": {"https://app.example.com.evil.example"}}, 403},
		{"unknown endpoint", "ws://" + srv.Addr + "/ws/unknown", nil, 404},
		{"no key", url, http.Header{"Sec-Websocket-Key": {""}}, 400},
		{"short key", url, http.Header{"Sec-Websocket-Key": {"Zm9v"}}, 400},
		{"key that is not base64", url, http.Header{"Sec-Websocket-Key": {"!!!!!!!!!!!!!!!!!!!!!!=="}}, 400},
		{"old version", url, http.Header{"Sec-Websocket-Version": {"8"}}, 426},
		{"no version", url, http.Header{"Sec-Websocket-Version": {""}}, 426},
		{"no upgrade", url, http.Header{"Upgrade": {""}}, 426},
		{"other upgrade", url, http.Header{"Upgrade": {"h2c"}}, 426},
		{"full endpoint", full, nil, 503},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := ws.Dial(t.Context(), tc.url, ws.Options{Header: tc.header})
			if err == nil {
				defer c.Close()
			}
			var refused *ws.RefusedError
			switch {
			case tc.status == 101 && err != nil:
				t.Fatal(err)
			case tc.status == 101:
				if err := c.Shake(1000); err != nil {
					t.Fatal(err)
				}
			case !errors.As(err, &refused):
				t.Fatalf("got %v, want %d", err, tc.status)
			case refused.Status != tc.status:
				t.Fatalf("got %v, want %d", refused, tc.status)
			default:
				var body struct{ Code, Message string }
				if err := json.Unmarshal([]byte(refused.Body), &body); err != nil || body.Code == "" || body.Message == "" {
					t.Errorf("answered %q, want a code and a message in JSON", refused.Body)
				}
				if tc.name == "old version" && refused.Header.Get("Sec-WebSocket-Version") != "13" {
					t.Error("426 without Sec-WebSocket-Version: 13 (RFC 6455 §4.2.2)")
				}
			}
		})
	}
}

// TestJoinBeforeAnswer shows that whoever has seen its 101 gets what others
// send from then on: "I am connected" may be told to a sender elsewhere.
func TestJoinBeforeAnswer(t *testing.T) {
	srv := hubserver.Start(t, hub.Config{})
	url := srv.URL("a", hub.Settings{})
	sender, err := ws.Dial(t.Context(), url, ws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	for i := range 300 {
		r, err := ws.Dial(t.Context(), url, ws.Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := strconv.Itoa(i)
		if err := sender.SendMessage(ws.Text, []byte(want)); err != nil {
			t.Fatal(err)
		}
		m, err := r.ReadMessage()
		if err != nil || string(m.Payload) != want {
			t.Fatalf("receiver %d: got %q, %v", i, m.Payload, err)
		}
		if err := r.Shake(1000); err != nil {
			t.Fatal(err)
		}
	}
}
