// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
)

func TestAuthenticateRefuses(t *testing.T) {
	r := newRig(t)
	defer r.close()
	ada := r.user("Ada")
	bob := r.user("Bob")
	now := time.Now()
	sign := func(s *auth.Signer, c auth.Claims) string {
		c.IssuedAt = now
		if c.ExpiresAt.IsZero() {
			c.ExpiresAt = now.Add(time.Hour)
		}
		text, err := s.Sign(c)
		r.must(err)
		return text
	}
	other, err := auth.NewSigner(make([]byte, auth.KeySize), "https://example.org", "culvert")
	r.must(err)
	good := auth.Claims{User: ada.User.ID, ID: ada.JTI, Epoch: ada.User.Epoch}
	r.wants("good", second(r.Authenticate(t.Context(), sign(r.signer, good))), "")
	for name, token := range map[string]string{
		"empty":             "",
		"garbage":           "a.b.c",
		"other key":         sign(other, good),
		"unknown jti":       sign(r.signer, auth.Claims{User: ada.User.ID, ID: "unknown"}),
		"someone else's":    sign(r.signer, auth.Claims{User: bob.User.ID, ID: ada.JTI}),
		"nobody's":          sign(r.signer, auth.Claims{User: 999, ID: ada.JTI}),
		"other epoch":       sign(r.signer, auth.Claims{User: ada.User.ID, ID: ada.JTI, Epoch: 7}),
		"expired":           sign(r.signer, auth.Claims{User: ada.User.ID, ID: ada.JTI, ExpiresAt: now.Add(-time.Second)}),
		"unknown API token": auth.NewSecret(APITokenPrefix),
		"API prefix alone":  APITokenPrefix,
		"client token":      auth.NewSecret(ClientTokenPrefix),
	} {
		r.wants(name, second(r.Authenticate(t.Context(), token)), CodeUnauthenticated)
	}
}

func TestLoginExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		r.user("Ada")
		_, token := r.in("Ada")
		time.Sleep(LoginLife - 2*time.Second)
		r.wants("on the last day", second(r.Authenticate(t.Context(), token)), "")
		time.Sleep(2 * time.Second) // it is cached
		r.wants("after 7 days", second(r.Authenticate(t.Context(), token)), CodeUnauthenticated)
	})
}

// What this process changes is in force at once, cached or not.
func TestChangesEndWhatIsCached(t *testing.T) {
	r := newRig(t)
	defer r.close()
	admin := r.admin("root")
	for name, end := range map[string]func(p Principal) error{
		"disabled": func(p Principal) error { return second(r.SetDisabled(t.Context(), admin, p.User.ID, true, home)) },
		"deleted":  func(p Principal) error { return r.DeleteUser(t.Context(), admin, p.User.ID, 0, home) },
		"password": func(p Principal) error {
			return second(r.ChangePassword(t.Context(), p, goodPassword, "blue-otter-8", home))
		},
		"everywhere": func(p Principal) error { return r.LogOutEverywhere(t.Context(), p, false, home) },
	} {
		p := r.user(name)
		_, token := r.in(name)
		_, text, err := r.CreateAPIToken(t.Context(), p, "x", ScopeRead, time.Time{}, home)
		r.must(err)
		r.wants(name+": before", second(r.Authenticate(t.Context(), token)), "")
		r.wants(name+": API token before", second(r.Authenticate(t.Context(), text)), "")
		r.must(end(p))
		r.wants(name+": log-in", second(r.Authenticate(t.Context(), token)), CodeUnauthenticated)
		want := Code("")
		if name == "disabled" || name == "deleted" {
			want = CodeUnauthenticated
		}
		r.wants(name+": API token", second(r.Authenticate(t.Context(), text)), want)
	}
}

// What another node changes takes as long as the cache.
func TestCacheIsFreshForSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		p := r.user("Ada")
		_, token := r.in("Ada")
		_, err := r.db.UpdateUser(t.Context(), p.User.ID, 0, func(u *store.User) { u.Epoch++ })
		r.must(err)
		r.wants("cached", second(r.Authenticate(t.Context(), token)), "")
		time.Sleep(cacheFresh)
		r.wants("5 s later", second(r.Authenticate(t.Context(), token)), CodeUnauthenticated)
	})
}

func TestAuthenticateDatabaseAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		ada := r.user("Ada")
		_, token := r.in("Ada")
		_, uncached := r.in("Ada")
		r.cache.drop(ada.User.ID)
		r.wants("before", second(r.Authenticate(t.Context(), token)), "")
		r.faults.away.Store(true)
		r.wants("not cached", second(r.Authenticate(t.Context(), uncached)), CodeUnavailable)
		time.Sleep(cacheStale - time.Second)
		r.wants("cached", second(r.Authenticate(t.Context(), token)), "")
		time.Sleep(time.Second)
		r.wants("cached too long ago", second(r.Authenticate(t.Context(), token)), CodeUnavailable)
		r.faults.away.Store(false)
		r.wants("back", second(r.Authenticate(t.Context(), token)), "")
	})
}

// An answer that was on its way while something changed must not be cached.
func TestCacheMark(t *testing.T) {
	c := newCache()
	_, _, mark := c.get([32]byte{1})
	c.drop(12)
	c.put([32]byte{1}, cached{Principal: Principal{User: store.User{ID: 12}}}, mark)
	if _, ok, _ := c.get([32]byte{1}); ok {
		t.Error("an old answer is cached")
	}
}

func TestLastSeenIsWrittenInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		r.user("Ada")
		p, token := r.in("Ada")
		_, text, err := r.CreateAPIToken(t.Context(), p, "x", ScopeRead, time.Time{}, home)
		r.must(err)
		time.Sleep(10 * time.Second)
		for range 100 {
			r.must(second(r.Authenticate(t.Context(), token)))
			r.must(second(r.Authenticate(t.Context(), text)))
		}
		used := time.Now()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := r.faults.touched.Load(); n != 2 { // one of them is that of the rig
			t.Errorf("%d log-ins were touched, want 2", n)
		}
		l, err := r.db.Login(t.Context(), p.JTI)
		if err != nil || !l.LastSeenAt.Equal(used) {
			t.Errorf("last seen %v (%v), want %v", l.LastSeenAt, err, used)
		}
		list, err := r.APITokens(t.Context(), p)
		if err != nil || len(list) != 1 || !list[0].LastUsedAt.Equal(used) {
			t.Errorf("API tokens %v (%v), want it used at %v", list, err, used)
		}
	})
}

// Close writes what the minute would have.
func TestCloseWritesLastSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.user("Ada")
		p, token := r.in("Ada")
		time.Sleep(10 * time.Second)
		r.must(second(r.Authenticate(t.Context(), token)))
		r.Close()
		l, err := r.db.Login(t.Context(), p.JTI)
		if err != nil || !l.LastSeenAt.Equal(time.Now()) {
			t.Errorf("last seen %v (%v), want now", l.LastSeenAt, err)
		}
		r.must(r.db.Close())
	})
}

func TestExpiredLoginsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		p := r.user("Ada")
		time.Sleep(LoginLife + 2*time.Hour)
		synctest.Wait()
		n, err := r.db.PruneLogins(t.Context(), time.Now())
		r.must(err)
		list, err := r.db.Logins(t.Context(), p.User.ID)
		r.must(err)
		if n != 0 || len(list) != 0 {
			t.Errorf("%d were left to prune, %d are listed", n, len(list))
		}
	})
}

func TestAdmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		for range 100 {
			r.must(r.AdmitSource(home.Addr))
			r.must(r.AdmitUser(1))
		}
		r.wants("source", r.AdmitSource(home.Addr), CodeRateLimited)
		r.wants("user", r.AdmitUser(1), CodeRateLimited)
		r.wants("other source", r.AdmitSource(away.Addr), "")
		r.wants("other user", r.AdmitUser(2), "")
		r.wants("command", r.AdmitSource(From{}.Addr), "")
		time.Sleep(time.Second)
		for range 20 {
			r.must(r.AdmitSource(home.Addr))
			r.must(r.AdmitUser(1))
		}
		r.wants("source", r.AdmitSource(home.Addr), CodeRateLimited)
		r.wants("user", r.AdmitUser(1), CodeRateLimited)
	})
}

func FuzzAuthenticate(f *testing.F) {
	r := newRig(f)
	f.Cleanup(r.close)
	p := r.user("Ada")
	_, login := r.in("Ada")
	_, token, err := r.CreateAPIToken(f.Context(), p, "x", ScopeRead, time.Time{}, home)
	r.must(err)
	f.Add(login)
	f.Add(token)
	f.Add(APITokenPrefix)
	f.Add("")
	f.Add("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := r.Authenticate(t.Context(), text)
		if good := text == login || text == token; good != (err == nil) {
			t.Errorf("Authenticate(%q) = %+v, %v", text, got, err)
		}
		if err != nil && !errors.Is(err, errUnauthenticated) {
			t.Errorf("Authenticate(%q) = %v", text, err)
		}
	})
}
