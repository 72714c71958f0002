// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package refusal

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestWrite(t *testing.T) {
	for _, tc := range []struct {
		no   *Refusal
		body string
		head map[string]string
	}{
		{Stopping, `{"code":"stopping","message":"The gateway is stopping. Try again in a moment."}`, map[string]string{"Retry-After": "2"}},
		{
			Handshake(http.StatusUpgradeRequired, errors.New("no <key>")),
			`{"code":"bad_handshake","message":"The WebSocket handshake is not valid: no <key>"}`,
			map[string]string{"Retry-After": "", "Upgrade": "websocket", "Sec-Websocket-Version": "13"},
		},
		{
			&Refusal{Status: http.StatusUnauthorized, Code: "c", Message: "m", Details: map[string]any{"n": 1}},
			`{"code":"c","message":"m","details":{"n":1}}`,
			map[string]string{"WWW-Authenticate": `Bearer realm="culvert"`},
		},
	} {
		w := httptest.NewRecorder()
		tc.no.Write(w)
		if w.Code != tc.no.Status || w.Body.String() != tc.body+"\n" {
			t.Errorf("%d %s, want %d %s", w.Code, w.Body, tc.no.Status, tc.body)
		}
		for k, v := range tc.head {
			if got := w.Header().Get(k); got != v {
				t.Errorf("%s: %s is %q, want %q", tc.no.Code, k, got, v)
			}
		}
	}
}
