// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
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
