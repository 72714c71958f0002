// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/store"
)

func TestInvites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		root, ada := r.admin("root"), r.user("Ada")
		hour := time.Now().Add(time.Hour)
		create := func(n int, note string, expires time.Time) error {
			return second(r.CreateInvites(t.Context(), root, n, note, expires, home))
		}
		r.wants("none", create(0, "", hour), CodeInvalid)
		r.wants("too many", create(maxInviteBatch+1, "", hour), CodeInvalid)
		r.wants("long note", create(1, strings.Repeat("x", maxNote+1), hour), CodeInvalid)
		r.wants("past", create(1, "", time.Now()), CodeInvalid)
		r.wants("for good", create(1, "", time.Time{}), "")
		r.wants("by a user", second(r.CreateInvites(t.Context(), ada, 1, "", hour, home)), CodeForbidden)

		list, err := r.CreateInvites(t.Context(), root, 3, "for friends", hour, home)
		r.must(err)
		for _, v := range list {
			if len(v.Code) != 26 || v.ID == 0 || v.Note != "for friends" || v.CreatedBy != root.User.ID {
				t.Errorf("made %+v", v)
			}
		}
		r.must(second(r.Register(t.Context(), Registration{
			Code: list[0].Code, Name: "Bob", Email: "b@example.org", Password: goodPassword,
		}, home)))
		r.must(r.RevokeInvite(t.Context(), root, list[1].ID, home))
		r.wants("revoked twice", r.RevokeInvite(t.Context(), root, list[1].ID, home), CodeInviteInvalid)
		r.wants("revoked when used", r.RevokeInvite(t.Context(), root, list[0].ID, home), CodeInviteInvalid)
		r.wants("unknown", r.RevokeInvite(t.Context(), root, 999, home), CodeNotFound)
		r.wants("by a user", r.RevokeInvite(t.Context(), ada, list[2].ID, home), CodeForbidden)
		for state, want := range map[string]int64{"unused": list[2].ID, "used": list[0].ID, "revoked": list[1].ID} {
			got, _, err := r.Invites(t.Context(), root, state, store.Page{})
			if err != nil || !slices.ContainsFunc(got, func(v store.Invite) bool { return v.ID == want }) {
				t.Errorf("%s: %v, %v, want %d in it", state, got, err, want)
			}
		}
		r.wants("unknown state", third(r.Invites(t.Context(), root, "odd", store.Page{})), CodeInvalid)
		r.wants("odd cursor", third(r.Invites(t.Context(), root, "", store.Page{After: "!"})), CodeInvalid)
		r.wants("by a user", third(r.Invites(t.Context(), ada, "", store.Page{})), CodeForbidden)
	})
}

func TestUsers(t *testing.T) {
	r := newRig(t)
	defer r.close()
	root, ada := r.admin("root"), r.user("Ada")
	list, _, err := r.Users(t.Context(), root, store.UserFilter{Search: "ad"}, store.Page{})
	if err != nil || len(list) != 1 || list[0].Name != "Ada" || list[0].PasswordHash != "" {
		t.Errorf("Users = %+v, %v", list, err)
	}
	r.wants("list by a user", third(r.Users(t.Context(), ada, store.UserFilter{}, store.Page{})), CodeForbidden)
	u, err := r.User(t.Context(), ada, ada.User.ID)
	if err != nil || u.Name != "Ada" || u.PasswordHash != "" {
		t.Errorf("User = %+v, %v", u, err)
	}
	r.wants("someone else", second(r.User(t.Context(), ada, root.User.ID)), CodeNotFound)
	r.wants("nobody", second(r.User(t.Context(), root, 999)), CodeNotFound)
	u, err = r.UserByName(t.Context(), System(), "ADA@example.org")
	if err != nil || u.ID != ada.User.ID || u.PasswordHash != "" {
		t.Errorf("UserByName = %+v, %v", u, err)
	}
	r.wants("by a user", second(r.UserByName(t.Context(), ada, "root")), CodeForbidden)
	for _, name := range []string{"nobody", "Ada\x00", "\xff"} {
		r.wants("nobody", second(r.UserByName(t.Context(), System(), name)), CodeNotFound)
		list, _, err := r.Users(t.Context(), root, store.UserFilter{Search: name}, store.Page{})
		if len(list) != 0 || err != nil {
			t.Errorf("%q finds %v, %v", name, list, err)
		}
		r.wants("no log-in", r.RevokeLogin(t.Context(), root, name, home), CodeNotFound)
		r.wants("no token", r.RevokeAPIToken(t.Context(), root, name, home), CodeNotFound)
	}
}

func TestUpdateUser(t *testing.T) {
	r := newRig(t)
	defer r.close()
	root, ada := r.admin("root"), r.user("Ada")
	id := ada.User.ID
	told := func(what string, want ...ChangeKind) {
		t.Helper()
		if got := r.told(id); !slices.Equal(got, want) {
			t.Errorf("%s: told %v, want %v", what, got, want)
		}
	}
	r.told(0)
	r.must(second(r.SetDisabled(t.Context(), root, id, true, home)))
	told("disabled", UserDisabled, LoginsRevoked)
	r.must(second(r.SetDisabled(t.Context(), root, id, true, home)))
	told("disabled again")
	r.must(second(r.SetDisabled(t.Context(), root, id, false, home)))
	told("enabled", UserEnabled)
	r.wants("logged in again", second(r.LogIn(t.Context(), "Ada", goodPassword, home)), "")
	r.must(second(r.SetAdmin(t.Context(), root, id, true, home)))
	told("administrator", AdminChanged)
	u, err := r.SetLimits(t.Context(), root, id, store.UserLimits{Endpoints: 9, MonthlyBytes: -1}, home)
	if err != nil || u.Limits.Endpoints != 9 || !u.Admin || u.PasswordHash != "" {
		t.Errorf("SetLimits = %+v, %v", u, err)
	}
	told("limits", LimitsChanged)
	r.wants("bad limits", second(r.SetLimits(t.Context(), root, id, store.UserLimits{Clients: -2}, home)), CodeInvalid)

	no := false
	r.wants("old version", second(r.UpdateUser(t.Context(), root, id, u.Version-1, UserChanges{Admin: &no}, home)), CodeConflict)
	told("nothing")
	u, err = r.UpdateUser(t.Context(), root, id, u.Version, UserChanges{Admin: &no, Limits: &store.UserLimits{}}, home)
	if err != nil || u.Admin || u.Limits != (store.UserLimits{}) {
		t.Errorf("UpdateUser = %+v, %v", u, err)
	}
	told("both", AdminChanged, LimitsChanged)
	r.wants("nobody", second(r.SetAdmin(t.Context(), root, 999, true, home)), CodeNotFound)
	ada, _ = r.in("Ada")
	r.wants("by a user", second(r.SetAdmin(t.Context(), ada, id, true, home)), CodeForbidden)
	reader := root
	reader.Scope = ScopeRead
	r.wants("by a token that reads", second(r.SetAdmin(t.Context(), reader, id, true, home)), CodeForbidden)
}

func TestLastAdmin(t *testing.T) {
	r := newRig(t)
	defer r.close()
	root, ada := r.admin("root"), r.user("Ada")
	id := root.User.ID
	for name, end := range map[string]func() error{
		"disable": func() error { return second(r.SetDisabled(t.Context(), root, id, true, home)) },
		"demote":  func() error { return second(r.SetAdmin(t.Context(), root, id, false, home)) },
		"delete":  func() error { return r.DeleteUser(t.Context(), root, id, 0, home) },
	} {
		r.wants(name, end(), CodeLastAdmin)
	}
	r.must(second(r.SetAdmin(t.Context(), root, ada.User.ID, true, home)))
	r.wants("with another one", r.DeleteUser(t.Context(), root, id, 0, home), "")
}

func TestDeleteUser(t *testing.T) {
	r := newRig(t)
	defer r.close()
	root, ada, bob := r.admin("root"), r.user("Ada"), r.user("Bob")
	r.wants("by a user", r.DeleteUser(t.Context(), ada, bob.User.ID, 0, home), CodeForbidden)
	r.wants("nobody", r.DeleteUser(t.Context(), root, 999, 0, home), CodeNotFound)
	r.wants("old version", r.DeleteUser(t.Context(), root, bob.User.ID, 77, home), CodeConflict)
	r.told(0)
	r.must(r.DeleteUser(t.Context(), root, bob.User.ID, bob.User.Version, home))
	if got := r.told(bob.User.ID); !slices.Equal(got, []ChangeKind{UserDeleted}) {
		t.Errorf("told %v", got)
	}
	r.wants("gone", second(r.User(t.Context(), root, bob.User.ID)), CodeNotFound)
}

func TestGrants(t *testing.T) {
	r := newRig(t)
	defer r.close()
	ada, bob, eve := r.user("Ada"), r.user("Bob"), r.user("Eve")
	give := func(p Principal, grantee, client, service string) error {
		return second(r.Give(t.Context(), p, grantee, client, service, home))
	}
	r.wants("nobody", give(ada, "nobody", "nas", "web"), CodeInvalid)
	r.wants("by e-mail", give(ada, "bob@example.org", "nas", "web"), CodeInvalid)
	r.wants("oneself", give(ada, "ADA", "nas", "web"), CodeInvalid)
	r.wants("no service", give(ada, "Bob", "nas", ""), CodeInvalid)
	r.wants("bad client", give(ada, "Bob", "a/b", "web"), CodeInvalid)
	r.wants("by a command", give(System(), "Bob", "nas", "web"), CodeForbidden)
	r.told(0)
	r.must(give(ada, "bob", "nas", "web"))
	if got := r.told(ada.User.ID); !slices.Equal(got, []ChangeKind{GrantGiven}) {
		t.Errorf("told %v", got)
	}
	r.wants("twice", give(ada, "Bob", "nas", "web"), CodeExists)
	for _, p := range []Principal{ada, bob} {
		list, err := r.Grants(t.Context(), p)
		if err != nil || len(list) != 1 || list[0].OwnerName != "Ada" || list[0].GranteeName != "Bob" {
			t.Errorf("grants of %s: %+v, %v", p.User.Name, list, err)
		}
	}
	if list, _ := r.Grants(t.Context(), eve); len(list) != 0 {
		t.Errorf("Eve sees %v", list)
	}
	list, _ := r.Grants(t.Context(), ada)
	r.wants("by the grantee", r.Withdraw(t.Context(), bob, list[0].ID, home), CodeNotFound)
	r.wants("by someone else", r.Withdraw(t.Context(), eve, list[0].ID, home), CodeNotFound)
	reader := ada
	reader.Scope = ScopeRead
	r.wants("by a token that reads", r.Withdraw(t.Context(), reader, list[0].ID, home), CodeForbidden)
	r.wants("by a token that reads", give(reader, "Bob", "nas", "ssh"), CodeForbidden)
	r.told(0)
	r.must(r.Withdraw(t.Context(), ada, list[0].ID, home))
	if got := r.told(ada.User.ID); !slices.Equal(got, []ChangeKind{GrantWithdrawn}) {
		t.Errorf("told %v", got)
	}
	r.wants("twice", r.Withdraw(t.Context(), ada, list[0].ID, home), CodeNotFound)
}

func TestBlocks(t *testing.T) {
	r := newRig(t)
	defer r.close()
	root, ada := r.admin("root"), r.user("Ada")
	block := func(p Principal, prefix, note string, expires time.Time) error {
		var n netip.Prefix
		if prefix != "" {
			n = netip.MustParsePrefix(prefix)
		}
		return second(r.Block(t.Context(), p, n, note, expires, home))
	}
	r.wants("none", block(root, "", "", time.Time{}), CodeInvalid)
	r.wants("oneself", block(root, "192.0.2.0/24", "", time.Time{}), CodeInvalid)
	r.wants("everyone", block(root, "0.0.0.0/0", "", time.Time{}), CodeInvalid)
	r.wants("oneself, mapped", block(root, "::ffff:192.0.2.0/120", "", time.Time{}), CodeInvalid)
	r.wants("past", block(root, "203.0.113.0/24", "", time.Now().Add(-time.Second)), CodeInvalid)
	r.wants("two lines", block(root, "203.0.113.0/24", "a\nb", time.Time{}), CodeInvalid)
	r.wants("by a user", block(ada, "203.0.113.0/24", "", time.Time{}), CodeForbidden)
	r.told(0)
	r.must(block(root, "203.0.113.9/24", "spam", time.Time{}))
	if got := r.told(0); !slices.Equal(got, []ChangeKind{BlocksChanged}) {
		t.Errorf("told %v", got)
	}
	r.wants("twice", block(root, "203.0.113.0/24", "", time.Time{}), CodeExists)
	list, err := r.Blocks(t.Context(), root)
	if err != nil || len(list) != 1 || list[0].Prefix.String() != "203.0.113.0/24" || list[0].Note != "spam" {
		t.Errorf("Blocks = %+v, %v", list, err)
	}
	r.wants("by a user", second(r.Blocks(t.Context(), ada)), CodeForbidden)
	r.wants("by a user", r.Unblock(t.Context(), ada, list[0].ID, home), CodeForbidden)
	r.must(r.Unblock(t.Context(), root, list[0].ID, home))
	r.wants("twice", r.Unblock(t.Context(), root, list[0].ID, home), CodeNotFound)
}

func TestSettings(t *testing.T) {
	r := newRig(t)
	defer r.close()
	root, ada := r.admin("root"), r.user("Ada")
	for key, values := range map[string]map[string]bool{
		SettingTerms:        {`"Be kind."`: true, "\"not \xff utf-8\"": true, `""`: true, `1`: false, `null`: false, `"` + strings.Repeat("x", maxTerms+1) + `"`: false},
		SettingFeedback:     {`"https://example.org/x"`: true, `"mailto:a@example.org"`: true, `""`: true, `"javascript:alert(1)"`: false, `"https://"`: false, `"x"`: false},
		SettingRegistration: {`true`: true, `false`: true, `"no"`: false, ``: false, `true true`: false},
		SettingLimits:       {`{}`: true, `{"endpoints":7}`: true, `{"endpoints":-2}`: false, `{"odd":1}`: false, `[]`: false, `{"clients":1e99}`: false},
		"odd":               {`1`: false},
	} {
		for value, ok := range values {
			_, version, err := r.Setting(t.Context(), root, key)
			if key == "odd" {
				r.wants("odd", err, CodeNotFound)
				r.wants("odd", second(r.SetSetting(t.Context(), root, key, json.RawMessage(value), 0, home)), CodeNotFound)
				continue
			}
			r.must(err)
			now, err := r.SetSetting(t.Context(), root, key, json.RawMessage(value), version, home)
			want := CodeInvalid
			if ok {
				want = ""
			}
			r.wants(key+" "+value[:min(len(value), 30)], err, want)
			if ok && now != version+1 {
				t.Errorf("%s: version %d after %d", key, now, version)
			}
		}
	}
	if l, err := r.DefaultLimits(t.Context()); err != nil || l.Endpoints != 7 && l.Endpoints != 0 {
		t.Errorf("DefaultLimits = %+v, %v", l, err)
	}
	r.must(second(r.SetSetting(t.Context(), root, SettingFeedback, json.RawMessage(`"https://example.org"`), 0, home)))
	r.must(second(r.SetSetting(t.Context(), root, SettingTerms, json.RawMessage(`"Be kind."`), 0, home)))
	for _, open := range []bool{true, false} {
		r.must(second(r.SetSetting(t.Context(), root, SettingRegistration, fmt.Append(nil, open), 0, home)))
		if p, err := r.Public(t.Context()); p != (Public{Registration: open, Terms: true, Feedback: "https://example.org"}) || err != nil {
			t.Errorf("Public = %+v, %v", p, err)
		}
	}
	r.wants("old version", second(r.SetSetting(t.Context(), root, SettingTerms, json.RawMessage(`"x"`), 77, home)), CodeConflict)
	r.wants("by a user", second(r.SetSetting(t.Context(), ada, SettingTerms, json.RawMessage(`"x"`), 0, home)), CodeForbidden)
	r.wants("by a user", third(r.Setting(t.Context(), ada, SettingTerms)), CodeForbidden)
	r.wants("by a user", second(r.Settings(t.Context(), ada)), CodeForbidden)
	all, err := r.Settings(t.Context(), root)
	if err != nil || len(all) != 4 || string(all[SettingFeedback].Value) != `"https://example.org"` || all[SettingFeedback].Version == 0 {
		t.Errorf("Settings = %v, %v", all, err)
	}
	r.faults.away.Store(true)
	r.wants("away", second(r.SetSetting(t.Context(), root, SettingTerms, json.RawMessage(`"x"`), 0, home)), CodeUnavailable)
}

func TestSettingDefaults(t *testing.T) {
	r := newRig(t)
	defer r.close()
	all, err := r.Settings(t.Context(), System())
	r.must(err)
	for key, want := range map[string]string{
		SettingTerms: `""`, SettingFeedback: `""`, SettingRegistration: `true`, SettingLimits: `{}`,
	} {
		if got := all[key]; string(got.Value) != want || got.Version != 0 {
			t.Errorf("%s = %s, version %d", key, got.Value, got.Version)
		}
	}
}
