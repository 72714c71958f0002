// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/inventory"
)

func TestSite(t *testing.T) {
	r := newRig(t)
	where := inventory.Site{URL: "https://culvert.example", WebSocketURL: "wss://culvert.example", Relay: "culvert.example:9001"}
	site := func(want Site, opts ...option) {
		t.Helper()
		var got Site
		want.Site, want.Version = where, "v1.2.3"
		if r.do(get, "/site", "", opts...).want(t, 200, "").into(t, &got); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	site(Site{Setup: true, Registration: true})
	root := r.user("root", true)
	site(Site{Registration: true})
	site(Site{Registration: true}, bearer("nonsense"))
	site(Site{Registration: true, LoggedIn: true}, bearer(root.token))

	who, err := r.svc.Authenticate(context.Background(), root.token)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		account.SettingTerms: `"Be kind."`, account.SettingFeedback: `"mailto:help@example.com"`, account.SettingRegistration: `false`,
	} {
		if _, err := r.svc.SetSetting(context.Background(), who, key, []byte(value), 0, account.From{}); err != nil {
			t.Fatal(err)
		}
	}
	site(Site{Terms: true, FeedbackLink: "mailto:help@example.com"})
}

// Public is what they know of themselves.
func (*doorkeeper) Public(context.Context) (account.Public, error) { return account.Public{}, nil }

// TestSiteWithoutTheDatabase: a page that heard "not logged in" would take
// everything away from who is.
func TestSiteWithoutTheDatabase(t *testing.T) {
	r := newStreamRig(t)
	ask := func() int {
		w := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(t.Context(), get, prefix+"/site", nil)
		req.Header.Set("Authorization", "Bearer user-1")
		r.api.Serve(w, req, Client{Secure: true})
		return w.Code
	}
	if got := ask(); got != http.StatusOK {
		t.Errorf("%d", got)
	}
	r.door.fail(&account.Error{Code: account.CodeUnavailable, Message: "x"})
	if got := ask(); got != http.StatusServiceUnavailable {
		t.Errorf("%d while nobody can be looked up", got)
	}
}
