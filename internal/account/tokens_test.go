// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPITokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		ada, bob := r.user("Ada"), r.user("Bob")
		create := func(p Principal, name string, scope Scope, expires time.Time) error {
			_, text, err := r.CreateAPIToken(t.Context(), p, name, scope, expires, home)
			if err != nil && text != "" {
				t.Errorf("a token and an error: %v", err)
			}
			return err
		}
		r.wants("no name", create(ada, "", ScopeRead, time.Time{}), CodeInvalid)
		r.wants("long name", create(ada, strings.Repeat("x", 101), ScopeRead, time.Time{}), CodeInvalid)
		r.wants("name of two lines", create(ada, "a\nb", ScopeRead, time.Time{}), CodeInvalid)
		r.wants("full scope", create(ada, "x", ScopeFull, time.Time{}), CodeInvalid)
		r.wants("no scope", create(ada, "x", "", time.Time{}), CodeInvalid)
		r.wants("expired", create(ada, "x", ScopeRead, time.Now()), CodeInvalid)

		tok, text, err := r.CreateAPIToken(t.Context(), ada, "script", ScopeManage, time.Now().Add(time.Hour), home)
		r.must(err)
		p, err := r.Authenticate(t.Context(), text)
		if err != nil || p.User.ID != ada.User.ID || p.TokenID != tok.ID || p.JTI != "" || p.Scope != ScopeManage {
			t.Errorf("Authenticate = %+v, %v", p, err)
		}
		r.wants("a token makes a token", create(p, "x", ScopeRead, time.Time{}), CodeForbidden)
		r.wants("a token revokes a token", r.RevokeAPIToken(t.Context(), p, tok.ID, home), CodeForbidden)
		r.wants("a token logs out", r.LogOutEverywhere(t.Context(), p, false, home), CodeForbidden)
		r.wants("a token logs out", r.LogOut(t.Context(), p, home), CodeForbidden)
		r.wants("a token lists log-ins", second(r.Logins(t.Context(), p)), CodeForbidden)
		r.wants("a token ends a log-in", r.RevokeLogin(t.Context(), p, ada.JTI, home), CodeForbidden)
		r.wants("a token deletes its owner", r.DeleteSelf(t.Context(), p, goodPassword, home), CodeForbidden)

		time.Sleep(time.Hour)
		r.wants("expired", second(r.Authenticate(t.Context(), text)), CodeUnauthenticated)

		r.wants("someone else's", r.RevokeAPIToken(t.Context(), bob, tok.ID, home), CodeNotFound)
		tok, text, err = r.CreateAPIToken(t.Context(), ada, "script", ScopeRead, time.Time{}, home)
		r.must(err)
		r.must(second(r.Authenticate(t.Context(), text)))
		r.told(0)
		r.must(r.RevokeAPIToken(t.Context(), ada, tok.ID, home))
		if got := r.told(ada.User.ID); len(got) != 1 || got[0] != APITokenRevoked {
			t.Errorf("told %v", got)
		}
		r.wants("revoked", second(r.Authenticate(t.Context(), text)), CodeUnauthenticated)
		r.wants("twice", r.RevokeAPIToken(t.Context(), ada, tok.ID, home), CodeNotFound)
	})
}

func TestAPITokensAreBounded(t *testing.T) {
	r := newRig(t)
	defer r.close()
	ada := r.user("Ada")
	for range maxTokens {
		_, _, err := r.CreateAPIToken(t.Context(), ada, "x", ScopeRead, time.Time{}, home)
		r.must(err)
	}
	r.wants("one more", third(r.CreateAPIToken(t.Context(), ada, "x", ScopeRead, time.Time{}, home)), CodeLimitReached)
	list, err := r.APITokens(t.Context(), ada)
	if err != nil || len(list) != maxTokens {
		t.Errorf("%d tokens, %v", len(list), err)
	}
}

func TestClientTokens(t *testing.T) {
	r := newRig(t)
	defer r.close()
	root, ada, bob := r.admin("root"), r.user("Ada"), r.user("Bob")
	create := func(p Principal, owner int64, client, name string) error {
		return third(r.CreateClientToken(t.Context(), p, owner, client, name, home))
	}
	r.wants("bad client", create(ada, ada.User.ID, "a.b", ""), CodeInvalid)
	r.wants("bad name", create(ada, ada.User.ID, "", "a\x1b[31m"), CodeInvalid)
	r.wants("for someone else", create(ada, bob.User.ID, "", ""), CodeNotFound)
	r.wants("for the operator", create(ada, 0, "", ""), CodeNotFound)
	r.wants("for nobody", create(root, 999, "", ""), CodeNotFound)
	r.wants("by an administrator", create(root, bob.User.ID, "", ""), "")
	r.wants("for the operator", create(System(), 0, "", ""), "")
	reader := ada
	reader.Scope, reader.JTI = ScopeRead, ""
	r.wants("by a token that reads", create(reader, ada.User.ID, "", ""), CodeForbidden)

	r.told(0)
	tok, text, err := r.CreateClientToken(t.Context(), ada, ada.User.ID, "nas", "at home", home)
	r.must(err)
	if !strings.HasPrefix(text, ClientTokenPrefix) || tok.Client != "nas" || tok.UserID != ada.User.ID {
		t.Errorf("made %+v", tok)
	}
	r.mu.Lock()
	if c := r.changes[len(r.changes)-1]; c.Kind != ClientTokenCreated || c.ClientToken.Hash != tok.Hash || c.TokenID != tok.ID {
		t.Errorf("told %+v", c)
	}
	r.mu.Unlock()

	r.wants("listed by someone else", second(r.ClientTokens(t.Context(), bob, ada.User.ID)), CodeNotFound)
	list, err := r.ClientTokens(t.Context(), ada, ada.User.ID)
	if err != nil || len(list) != 1 || list[0].Name != "at home" {
		t.Errorf("listed %v, %v", list, err)
	}
	r.wants("revoked by someone else", r.RevokeClientToken(t.Context(), bob, ada.User.ID, tok.ID, home), CodeNotFound)
	r.wants("revoked as one's own", r.RevokeClientToken(t.Context(), bob, bob.User.ID, tok.ID, home), CodeNotFound)
	r.wants("by a token that reads", r.RevokeClientToken(t.Context(), reader, ada.User.ID, tok.ID, home), CodeForbidden)
	r.told(0)
	r.must(r.RevokeClientToken(t.Context(), ada, ada.User.ID, tok.ID, home))
	if got := r.told(ada.User.ID); len(got) != 1 || got[0] != ClientTokenRevoked {
		t.Errorf("told %v", got)
	}
	r.wants("twice", r.RevokeClientToken(t.Context(), root, ada.User.ID, tok.ID, home), CodeNotFound)
	for range maxTokens {
		r.must(create(ada, ada.User.ID, "", ""))
	}
	r.wants("one more", create(ada, ada.User.ID, "", ""), CodeLimitReached)
}
