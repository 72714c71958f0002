// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
)

const agent = "tunnelclient/v1 (plan9; mips)"

// gateway answers without a network, so that its questions can be timed. An
// answer is a status and a body; the status 0 is a network that fails.
type gateway struct {
	t       *testing.T
	code    string
	answers []string // to the questions for the token, in turn
	asked   []time.Duration
	began   time.Time
}

func (g *gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	var q map[string]string
	b, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(b, &q)
	}
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.UserAgent() != agent || r.URL.RawQuery != "" {
		g.t.Errorf("%s %s %s: %v", r.Method, r.URL, b, err)
	}
	w := httptest.NewRecorder()
	switch {
	case r.URL.String() == "https://example.com/api/v1/device/code" && q["client_name"] == "nas":
		_, _ = io.WriteString(w, g.code)
	case r.URL.String() == "https://example.com/api/v1/device/token" && q["device_code"] == "secret-code":
		g.asked = append(g.asked, time.Since(g.began))
		status, body, _ := strings.Cut(g.answers[0], " ")
		if g.answers = g.answers[1:]; status == "0" {
			return nil, errors.New("no route")
		}
		w.WriteHeader(map[string]int{"200": 200, "400": 400, "429": 429, "502": 502, "404": 404}[status])
		_, _ = io.WriteString(w, body)
	default:
		g.t.Errorf("%s %s", r.URL, b)
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

const goodCode = `{"device_code":"secret-code","user_code":"WDJB-MJHT","verification_uri":"https://example.com/device",
	"verification_uri_complete":"https://example.com/device#WDJB-MJHT","expires_in":600,"interval":5}`

func server(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestDeviceFlow(t *testing.T) {
	const pending, slow = `400 {"error":"authorization_pending"}`, `400 {"error":"slow_down"}`
	s := time.Second
	for name, tc := range map[string]struct {
		code    string
		answers []string
		asked   []time.Duration
		token   string
		err     string
		kind    tunnel.Kind
		errCode string
	}{
		"granted":   {goodCode, []string{pending, pending, `200 {"access_token":"cvt_x"}`}, []time.Duration{5 * s, 10 * s, 15 * s}, "cvt_x", "", 0, ""},
		"slow down": {goodCode, []string{pending, slow, pending, `200 {"access_token":"cvt_x"}`}, []time.Duration{5 * s, 10 * s, 20 * s, 30 * s}, "cvt_x", "", 0, ""},
		"network fails": {
			goodCode,
			[]string{"0", `502 <html>`, `429 {"code":"rate_limited","message":"slower"}`, pending, `200 {"access_token":"cvt_x"}`},
			[]time.Duration{5 * s, 15 * s, 35 * s, 75 * s, 80 * s},
			"cvt_x", "", 0, "",
		},
		"no interval": {
			`{"device_code":"secret-code","user_code":"A","verification_uri":"u","expires_in":600}`,
			[]string{`200 {"access_token":"cvt_x"}`},
			[]time.Duration{5 * s},
			"cvt_x", "", 0, "",
		},
		"denied":        {goodCode, []string{`400 {"error":"access_denied"}`}, []time.Duration{5 * s}, "", "declined", tunnel.Refused, "access_denied"},
		"expired there": {goodCode, []string{`400 {"error":"expired_token"}`}, []time.Duration{5 * s}, "", "in time", tunnel.Refused, "expired_token"},
		"expired here": {
			strings.Replace(goodCode, "600", "12", 1),
			[]string{pending, pending},
			[]time.Duration{5 * s, 10 * s},
			"", "in time", tunnel.Refused, "expired_token",
		},
		"another no":      {goodCode, []string{`400 {"code":"limit_reached","message":"20 clients"}`}, []time.Duration{5 * s}, "", "refuses: 20 clients", tunnel.Refused, "limit_reached"},
		"no token":        {goodCode, []string{`200 {}`}, []time.Duration{5 * s}, "", "token is empty", tunnel.Refused, ""},
		"two tokens":      {goodCode, []string{`200 {"access_token":"a b"}`}, []time.Duration{5 * s}, "", "more than a token", tunnel.Refused, ""},
		"no gateway":      {"<html>", nil, nil, "", "no Culvert gateway", tunnel.Refused, ""},
		"code without it": {`{}`, nil, nil, "", "lacks fields", tunnel.Refused, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gateway{t: t, code: tc.code, answers: tc.answers, began: time.Now()}
				d := NewDevice(server(t, "wss://example.com/tunnel"), agent, g)
				code, err := d.Start(t.Context(), "nas")
				var token string
				if err == nil {
					token, err = d.Wait(t.Context(), code)
				}
				var te *tunnel.Error
				switch {
				case token != tc.token, (err == nil) != (tc.err == ""), !reflect.DeepEqual(g.asked, tc.asked):
					t.Errorf("%q, %v, asked after %v", token, err, g.asked)
				case err != nil && (!errors.As(err, &te) || te.Kind != tc.kind || te.Code != tc.errCode || !strings.Contains(err.Error(), tc.err)):
					t.Errorf("%v, %+v", err, te)
				case err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "a b")):
					t.Errorf("a secret is in %q", err)
				}
			})
		})
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := NewDevice(server(t, "https://example.com"), agent, nil).Wait(ctx, Code{interval: time.Hour}); err == nil || time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// Real answers over a real socket, that are none of this API's.
func TestStrangeServers(t *testing.T) {
	for name, tc := range map[string]struct {
		h    http.HandlerFunc
		kind tunnel.Kind
		says string
	}{
		"not found": {http.NotFound, tunnel.Refused, "no Culvert gateway with accounts at http://127.0.0.1"},
		"moved": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example/", http.StatusPermanentRedirect)
		}, tunnel.Refused, "is at https://other.example/ now"},
		"failing":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, tunnel.Unreachable, "503"},
		"too often": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "7"); w.WriteHeader(429) }, tunnel.Unreachable, "again in 7s"},
		"endless":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) }, tunnel.Refused, "not JSON"},
		"hangs up":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, tunnel.Unreachable, "asking the gateway"},
		"disallowed": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(403)
			_, _ = w.Write([]byte(`{"code":"blocked","message":"not you"}`))
		}, tunnel.Refused, "refuses: not you"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(tc.h)
			defer s.Close()
			_, err := NewDevice(server(t, s.URL), agent, nil).Start(t.Context(), "nas")
			var te *tunnel.Error
			if !errors.As(err, &te) || te.Kind != tc.kind || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestStore(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	if l, err := Find(home, nil); l != nil || err != nil {
		t.Errorf("%+v, %v", l, err)
	}
	since := time.Now().UTC().Truncate(time.Second)
	file, err := Save(home, Login{Server: "https://example.com", Client: "nas", Since: since}, "cvt_one")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	// One gateway has many URLs.
	for _, s := range []string{"", "wss://EXAMPLE.com/tunnel", "https://example.com:443/"} {
		var u *url.URL
		if s != "" {
			u = server(t, s)
		}
		l, err := Find(home, u)
		if err != nil || l == nil || l.Server != "https://example.com" || l.Client != "nas" || !l.Since.Equal(since) {
			t.Fatalf("%s: %+v, %v", s, l, err)
		}
		if token, err := l.Token(); token != "cvt_one" || err != nil {
			t.Errorf("%q, %v", token, err)
		}
	}
	if l, err := Find(home, server(t, "ws://example.com")); l != nil || err != nil {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := Save(home, Login{Server: "wss://example.com"}, "cvt_two"); err != nil {
		t.Fatal(err)
	}
	if l, err := Find(home, nil); err != nil || l.Server != "wss://example.com" {
		t.Errorf("the older login stays: %+v, %v", l, err)
	}
	if _, err := Save(home, Login{Server: "wss://other.example"}, "cvt_three"); err != nil {
		t.Fatal(err)
	}
	var several *SeveralError
	if _, err := Find(home, nil); !errors.As(err, &several) || !reflect.DeepEqual(several.Servers, []string{"wss://example.com", "wss://other.example"}) {
		t.Errorf("%v", err)
	}
	l, err := Find(home, server(t, "wss://other.example"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := l.Token(); err == nil {
		t.Error("the token of a login that was removed")
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestDamagedLogins(t *testing.T) {
	home := t.TempDir()
	file, err := Save(home, Login{Server: "https://example.com"}, "cvt_secret")
	if err != nil {
		t.Fatal(err)
	}
	for text, says := range map[string]string{
		"{":                                   "damaged; run tunnelclient login",
		`{"server":"x","token":"cvt_secret"}`: "its server",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Find(home, nil); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "cvt_secret") {
			t.Errorf("%v", err)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(home, nil); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("%v", err)
	}
}
