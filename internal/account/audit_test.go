// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/store"
)

// everything does each thing once that the audit log has to tell of, and
// returns the secrets that came up, and the actions in their order.
func everything(r *rig) (secrets, actions []string) {
	ctx := r.t.Context()
	secret := func(s string, err error) string {
		r.t.Helper()
		r.must(err)
		secrets = append(secrets, s)
		return s
	}
	did := func(list ...string) { actions = append(actions, list...) }
	secret(goodPassword, nil)
	secret(nextPassword, nil)
	secret("wrong-password-typed", nil)

	root := r.admin("root")
	did("user.create", "login.create")
	invites, err := r.CreateInvites(ctx, root, 2, "note", time.Now().Add(time.Hour), home)
	r.must(err)
	secret(invites[1].Code, nil)
	did("invite.create")
	r.must(second(r.Register(ctx, Registration{Code: secret(invites[0].Code, nil), Name: "Ada", Email: "ada@example.org", Password: goodPassword}, home)))
	did("user.register")
	r.must(r.RevokeInvite(ctx, root, invites[1].ID, home))
	did("invite.revoke")
	_ = second(r.LogIn(ctx, "Ada", "wrong-password-typed", away))
	did("login.fail")
	ada, token := r.in("Ada")
	secret(token, nil)
	did("login.create")
	tok, text, err := r.CreateAPIToken(ctx, ada, "script", ScopeRead, time.Time{}, home)
	secret(text, err)
	r.must(r.RevokeAPIToken(ctx, ada, tok.ID, home))
	did("api_token.create", "api_token.revoke")
	ct, text, err := r.CreateClientToken(ctx, ada, ada.User.ID, "nas", "", home)
	secret(text, err)
	r.must(r.RevokeClientToken(ctx, ada, ada.User.ID, ct.ID, home))
	did("client_token.create", "client_token.revoke")
	for _, allow := range []bool{false, true} {
		d, err := r.DeviceStart(ctx, "box", away)
		secret(d.DeviceCode, err)
		r.must(r.DeviceDecide(ctx, ada, secret(d.UserCode, nil), allow, home))
		if allow {
			secret(r.DevicePoll(ctx, d.DeviceCode, away))
		}
	}
	did("device.deny", "device.allow", "client_token.create")
	g, err := r.Give(ctx, ada, "root", "nas", "web", home)
	r.must(err)
	r.must(r.Withdraw(ctx, ada, g.ID, home))
	did("grant.create", "grant.delete")
	b, err := r.Block(ctx, root, netip.MustParsePrefix("203.0.113.0/24"), "", time.Time{}, home)
	r.must(err)
	r.must(r.Unblock(ctx, root, b.ID, home))
	did("block.create", "block.delete")
	r.must(second(r.SetSetting(ctx, root, SettingTerms, []byte(`"Be kind."`), 0, home)))
	did("setting.update")
	l, err := r.ChangePassword(ctx, ada, goodPassword, nextPassword, home)
	secret(l.Token, err)
	did("password.change", "login.create")
	code, _, err := r.ResetLink(ctx, root, ada.User.ID, home)
	r.must(r.ResetPassword(ctx, secret(code, err), goodPassword, away))
	did("reset.create", "password.reset")
	ada, _ = r.in("Ada")
	other, _ := r.in("Ada")
	did("login.create", "login.create")
	r.must(r.RevokeLogin(ctx, ada, other.JTI, home))
	r.must(r.LogOutEverywhere(ctx, ada, true, home))
	r.must(r.LogOut(ctx, ada, home))
	did("login.end", "login.end_all", "login.end")
	r.must(second(r.SetLimits(ctx, root, ada.User.ID, store.UserLimits{Endpoints: 9}, home)))
	did("user.update")
	r.must(r.DeleteUser(ctx, root, ada.User.ID, 0, home))
	did("user.delete")
	r.Note(ctx, From{Addr: home.Addr, UserID: root.User.ID, Name: "root"}, "endpoint.create", "endpoint/x", nil, map[string]any{"name": "x"})
	did("endpoint.create")
	return secrets, actions
}

func TestAuditTellsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		secrets, actions := everything(r)
		entries := r.audited()
		var got []string
		for _, e := range entries {
			got = append(got, e.Action)
			if e.Time.IsZero() || e.Actor == "" && e.Action != "login.fail" || e.Addr == "" && e.Actor != systemName {
				t.Errorf("entry %+v does not say who, when or from where", e)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(actions) {
			t.Errorf("told  %v\nwants %v", got, actions)
		}
		for action, want := range map[string][2]string{
			"user.update":    {`"endpoints":0`, `"endpoints":9`},
			"setting.update": {`""`, `"Be kind."`},
			"grant.create":   {"", `"service":"web"`},
			"grant.delete":   {`"service":"web"`, ""},
			"user.delete":    {`"name":"Ada"`, ""},
			"block.create":   {"", `203.0.113.0/24`},
			"login.fail":     {"", `"count":1`},
		} {
			for _, e := range entries {
				if e.Action != action {
					continue
				}
				before, after := string(e.Before), string(e.After)
				if want[0] == `"endpoints":0` { // left out when it is the default
					want[0] = `"limits":{}`
				}
				if !strings.Contains(before, want[0]) || !strings.Contains(after, want[1]) || (want[0] == "") != (before == "") || (want[1] == "") != (after == "") {
					t.Errorf("%s: before %s, after %s, want %q, %q", action, before, after, want[0], want[1])
				}
			}
		}
		for _, e := range entries {
			for _, s := range secrets {
				if strings.Contains(fmt.Sprintf("%+v %s %s", e, e.Before, e.After), s) {
					t.Errorf("%s tells the secret %q", e.Action, s)
				}
			}
		}
	})
}

// Neither the log nor the database, nor what is told to others, has a secret
// in the clear.
func TestNoSecretsInTheClear(t *testing.T) {
	r := newRig(t)
	secrets, _ := everything(r)
	var text strings.Builder
	for _, l := range r.logs.All() {
		fmt.Fprintln(&text, l.Message, l.ContextMap())
	}
	fmt.Fprintf(&text, "%+v", r.changes)
	r.close()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(r.path), "*"))
	r.must(err)
	var found bool
	for _, f := range files {
		if filepath.Base(f) == keyName {
			continue
		}
		content, err := os.ReadFile(f)
		r.must(err)
		found = found || strings.Contains(string(content), "ada@example.org")
		text.Write(content)
	}
	if !found {
		t.Fatalf("none of %v is the database", files)
	}
	for _, s := range secrets {
		if strings.Contains(text.String(), s) {
			t.Errorf("the secret %q is there in the clear", s)
		}
	}
}

func TestAuditIsForAdministrators(t *testing.T) {
	r := newRig(t)
	defer r.close()
	ada := r.user("Ada")
	r.wants("by a user", third(r.Audit(t.Context(), ada, store.AuditFilter{}, store.Page{})), CodeForbidden)
}

// What has happened is told by the log at least.
func TestAuditCannotBeWritten(t *testing.T) {
	r := newRig(t)
	defer r.close()
	root := r.admin("root")
	r.faults.away.Store(true)
	r.must(second(r.CreateInvites(t.Context(), root, 1, "", time.Time{}, home)))
	lines := r.logs.FilterMessage("writing audit log").All()
	if len(lines) != 1 || lines[0].ContextMap()["action"] != "invite.create" || lines[0].ContextMap()["actor"] != "root" {
		t.Errorf("logged %v", lines)
	}
}

// What strangers send cannot write into a terminal, nor fill the log.
func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"curl/8":                       "curl/8",
		"a\x1b[31mb\r\nc":              "a[31mbc",
		"\xff\xfe":                     "",
		strings.Repeat("é", 200):       strings.Repeat("é", 50),
		"x" + strings.Repeat("é", 200): "x" + strings.Repeat("é", 49),
		"a\u202eb":                     "ab",
	} {
		if got := clean(in, 100); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}
