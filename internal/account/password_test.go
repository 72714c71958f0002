// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/store"
)

const nextPassword = "blue-heron-9"

func TestChangePassword(t *testing.T) {
	r := newRig(t)
	defer r.close()
	p := r.user("Ada")
	_, other := r.in("Ada")
	change := func(old, password string) (NewLogin, error) {
		return r.ChangePassword(t.Context(), p, old, password, home)
	}
	r.wants("wrong", second(change("wrong", nextPassword)), CodePasswordWrong)
	r.wants("weak", second(change(goodPassword, "password")), CodePasswordWeak)
	r.wants("long", second(change(goodPassword, strings.Repeat("ab", 37))), CodePasswordTooLong)
	r.wants("nothing has ended", second(r.Authenticate(t.Context(), other)), "")
	r.told(0)
	l, err := change(goodPassword, nextPassword)
	r.must(err)
	if got := r.told(p.User.ID); len(got) != 1 || got[0] != LoginsRevoked {
		t.Errorf("told %v", got)
	}
	r.wants("the new log-in", second(r.Authenticate(t.Context(), l.Token)), "")
	r.wants("the other one", second(r.Authenticate(t.Context(), other)), CodeUnauthenticated)
	r.wants("the old password", second(r.LogIn(t.Context(), "Ada", goodPassword, home)), CodeLoginFailed)
	r.wants("the new one", second(r.LogIn(t.Context(), "Ada", nextPassword, home)), "")

	now, err := r.Authenticate(t.Context(), l.Token)
	r.must(err)
	_, text, err := r.CreateAPIToken(t.Context(), now, "x", ScopeManage, time.Time{}, home)
	r.must(err)
	token, err := r.Authenticate(t.Context(), text)
	r.must(err)
	r.wants("by an API token", second(r.ChangePassword(t.Context(), token, nextPassword, goodPassword, home)), CodeForbidden)
}

func TestStolenLoginCannotGuess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		p := r.user("Ada")
		for range 5 {
			r.wants("guess", second(r.ChangePassword(t.Context(), p, "wrong", nextPassword, home)), CodePasswordWrong)
		}
		r.wants("guess", second(r.ChangePassword(t.Context(), p, "wrong", nextPassword, home)), CodeRateLimited)
		r.wants("guess", r.DeleteSelf(t.Context(), p, "wrong", home), CodeRateLimited)
		time.Sleep(30 * time.Second)
		r.wants("the owner", second(r.ChangePassword(t.Context(), p, goodPassword, nextPassword, home)), "")
	})
}

func TestDeleteSelf(t *testing.T) {
	r := newRig(t)
	defer r.close()
	root := r.admin("root")
	p := r.user("Ada")
	_, token := r.in("Ada")
	r.wants("wrong", r.DeleteSelf(t.Context(), p, "wrong", home), CodePasswordWrong)
	r.told(0)
	r.must(r.DeleteSelf(t.Context(), p, goodPassword, home))
	if got := r.told(p.User.ID); len(got) != 1 || got[0] != UserDeleted {
		t.Errorf("told %v", got)
	}
	r.wants("gone", second(r.Authenticate(t.Context(), token)), CodeUnauthenticated)
	r.wants("gone", second(r.LogIn(t.Context(), "Ada", goodPassword, home)), CodeLoginFailed)
	r.wants("the last administrator", r.DeleteSelf(t.Context(), root, goodPassword, home), CodeLastAdmin)
	r.wants("still there", second(r.LogIn(t.Context(), "root", goodPassword, home)), "")
}

func TestResetPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		root := r.admin("root")
		p := r.user("Ada")
		_, token := r.in("Ada")
		r.wants("by a user", third(r.ResetLink(t.Context(), p, p.User.ID, home)), CodeForbidden)
		r.wants("of nobody", third(r.ResetLink(t.Context(), root, 999, home)), CodeNotFound)
		old, _, err := r.ResetLink(t.Context(), root, p.User.ID, home)
		r.must(err)
		code, expires, err := r.ResetLink(t.Context(), root, p.User.ID, home)
		r.must(err)
		if !expires.Equal(time.Now().Add(ResetLife)) {
			t.Errorf("expires %v", expires)
		}
		r.wants("the older link", r.ResetPassword(t.Context(), old, nextPassword, away), CodeLinkInvalid)
		r.wants("as link of the first administrator", second(r.Setup(t.Context(), code, "x", "x@example.org", goodPassword, away)), CodeLinkInvalid)
		r.wants("weak", r.ResetPassword(t.Context(), code, "password", away), CodePasswordWeak)
		r.wants("as it was", second(r.Authenticate(t.Context(), token)), "")
		r.must(r.ResetPassword(t.Context(), strings.ToLower(code), nextPassword, away))
		r.wants("log-ins", second(r.Authenticate(t.Context(), token)), CodeUnauthenticated)
		r.wants("new password", second(r.LogIn(t.Context(), "Ada", nextPassword, home)), "")
		r.wants("twice", r.ResetPassword(t.Context(), code, goodPassword, away), CodeLinkInvalid)
		code, _, err = r.ResetLink(t.Context(), root, p.User.ID, home)
		r.must(err)
		time.Sleep(ResetLife)
		r.wants("too late", r.ResetPassword(t.Context(), code, goodPassword, away), CodeLinkInvalid)
	})
}

// Who has no password cannot log in by one.
func TestNoPassword(t *testing.T) {
	r := newRig(t)
	defer r.close()
	_, err := r.db.CreateUser(t.Context(), store.User{Name: "bare", Email: "bare@example.org", CreatedAt: time.Now()})
	r.must(err)
	r.wants("empty", second(r.LogIn(t.Context(), "bare", "", home)), CodeLoginFailed)
}

func third[A, B any](_ A, _ B, err error) error { return err }
