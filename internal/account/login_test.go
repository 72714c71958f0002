// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/auth"
)

func TestLogIn(t *testing.T) {
	r := newRig(t)
	defer r.close()
	r.user("Ada")
	for _, name := range []string{"Ada", "ada", "ADA@example.org"} {
		l, err := r.LogIn(t.Context(), name, goodPassword, home)
		r.wants(name, err, "")
		if l.Token == "" || l.User.Name != "Ada" || l.User.PasswordHash != "" {
			t.Errorf("%s: %+v", name, l.User)
		}
		if d := time.Until(l.ExpiresAt); d < LoginLife-time.Minute || d > LoginLife {
			t.Errorf("%s: expires in %v", name, d)
		}
		p, err := r.Authenticate(t.Context(), l.Token)
		if err != nil || p.User.ID != l.User.ID || p.JTI == "" || p.Scope != ScopeFull || p.User.PasswordHash != "" {
			t.Errorf("%s: Authenticate = %+v, %v", name, p, err)
		}
	}
	for _, tc := range [][2]string{{"Ada", "wrong"}, {"Ada", ""}, {"", goodPassword}, {"nobody", goodPassword}, {"", ""}, {"Ada\x00", goodPassword}, {"\xff", goodPassword}} {
		_, err := r.LogIn(t.Context(), tc[0], tc[1], home)
		r.wants(fmt.Sprint(tc), err, CodeLoginFailed)
	}
}

// Whether there is such an account shows neither in the answer nor in the cost.
func TestUnknownUserCostsTheSame(t *testing.T) {
	r := newRig(t)
	defer r.close()
	r.user("Ada")
	r.wants("wrong password", second(r.LogIn(t.Context(), "Ada", "wrong", away)), CodeLoginFailed)
	type cost struct {
		checked, logins int64
		text            string
	}
	try := func(name string) cost {
		checked, logins := r.hasher.checked.Load(), r.faults.loginsOf.Load()
		_, err := r.LogIn(t.Context(), name, "wrong", away)
		return cost{r.hasher.checked.Load() - checked, r.faults.loginsOf.Load() - logins, err.Error()}
	}
	known, unknown := try("Ada"), try("nobody")
	if known != unknown || known.checked != 1 || known.logins != 1 {
		t.Errorf("known %+v, unknown %+v", known, unknown)
	}
}

func TestDisabledIsToldOnlyToTheOwner(t *testing.T) {
	r := newRig(t)
	defer r.close()
	admin := r.admin("root")
	ada := r.user("Ada")
	_, err := r.SetDisabled(t.Context(), admin, ada.User.ID, true, home)
	r.must(err)
	r.wants("right password", second(r.LogIn(t.Context(), "Ada", goodPassword, home)), CodeDisabled)
	r.wants("wrong password", second(r.LogIn(t.Context(), "Ada", "wrong", home)), CodeLoginFailed)
}

func TestLogInThrottleBySource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		r.user("Ada")
		for range 30 { // what succeeds does not count
			_, err := r.LogIn(t.Context(), "Ada", goodPassword, away)
			r.must(err)
		}
		for i := range 10 {
			_, err := r.LogIn(t.Context(), fmt.Sprint("nobody", i), "wrong", away)
			r.wants("within the burst", err, CodeLoginFailed)
		}
		checked := r.hasher.checked.Load()
		_, err := r.LogIn(t.Context(), "Ada", goodPassword, away)
		r.wants("over the burst", err, CodeRateLimited)
		var e *Error
		if errors.As(err, &e); e.RetryAfter <= 0 || e.RetryAfter > 6*time.Second {
			t.Errorf("RetryAfter = %v", e.RetryAfter)
		}
		if r.hasher.checked.Load() != checked {
			t.Error("a password was checked for who is over the limit")
		}
		_, err = r.LogIn(t.Context(), "Ada", goodPassword, home)
		r.wants("another source", err, "")
		time.Sleep(6 * time.Second)
		_, err = r.LogIn(t.Context(), "Ada", goodPassword, away)
		r.wants("6 s later", err, "")
	})
}

// Strangers who guess at an account are held up wherever they come from, but do
// not keep its owner out.
func TestLogInThrottleByAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		r.user("Ada") // from home
		stranger := func(i int) From {
			return From{Addr: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})}
		}
		for _, name := range []string{"Ada", "nobody"} {
			for i := range 5 {
				r.wants("first tries", second(r.LogIn(t.Context(), name, "wrong", stranger(i))), CodeLoginFailed)
			}
			err := second(r.LogIn(t.Context(), name, "wrong", stranger(6)))
			r.wants("sixth try at "+name, err, CodeRateLimited)
			var e *Error
			if errors.As(err, &e); e.RetryAfter != 30*time.Second {
				t.Errorf("%s: RetryAfter = %v, want 30 s", name, e.RetryAfter)
			}
		}
		r.wants("the owner at home", second(r.LogIn(t.Context(), "Ada", goodPassword, home)), "")
		r.wants("the owner elsewhere", second(r.LogIn(t.Context(), "Ada", goodPassword, away)), CodeRateLimited)
		time.Sleep(30 * time.Second)
		r.wants("the owner elsewhere, later", second(r.LogIn(t.Context(), "Ada", goodPassword, away)), "")
		r.wants("now known there", second(r.LogIn(t.Context(), "Ada", "wrong", stranger(7))), CodeLoginFailed)
	})
}

// From where someone is logged in is known after a restart too.
func TestKnownSourceOutlivesTheProcess(t *testing.T) {
	r := newRig(t)
	defer r.close()
	r.user("Ada")
	again, err := New(t.Context(), Config{Store: r.faults, Keys: r.keys, Hasher: r.hasher, Issuer: "a", Audience: "b"})
	r.must(err)
	defer again.Close()
	for i := range 6 {
		_, _ = again.LogIn(t.Context(), "Ada", "wrong", From{Addr: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})})
	}
	r.wants("away", second(again.LogIn(t.Context(), "Ada", goodPassword, away)), CodeRateLimited)
	r.wants("home", second(again.LogIn(t.Context(), "Ada", goodPassword, home)), "")
}

func TestLogInDatabaseAway(t *testing.T) {
	r := newRig(t)
	defer r.close()
	r.user("Ada")
	r.faults.away.Store(true)
	for range 20 {
		err := second(r.LogIn(t.Context(), "Ada", goodPassword, away))
		r.wants("away", err, CodeUnavailable)
		var e *Error
		if errors.As(err, &e); e.RetryAfter <= 0 {
			t.Error("no RetryAfter")
		}
	}
	r.faults.away.Store(false)
	r.wants("back", second(r.LogIn(t.Context(), "Ada", goodPassword, away)), "")
}

func TestLogOut(t *testing.T) {
	r := newRig(t)
	defer r.close()
	r.user("Ada")
	p1, t1 := r.in("Ada")
	p2, t2 := r.in("Ada")
	_, t3 := r.in("Ada")
	r.told(0)
	r.must(r.LogOut(t.Context(), p1, home))
	r.wants("logged out", second(r.Authenticate(t.Context(), t1)), CodeUnauthenticated)
	r.wants("the other", second(r.Authenticate(t.Context(), t2)), "")
	r.wants("twice", r.LogOut(t.Context(), p1, home), "")
	if got := r.told(p1.User.ID); len(got) != 1 || got[0] != LoginsRevoked {
		t.Errorf("told %v", got)
	}

	list, err := r.Logins(t.Context(), p2)
	r.must(err)
	if len(list) != 3 { // with the one of the rig
		t.Errorf("%d log-ins, want 3", len(list))
	}
	r.must(r.LogOutEverywhere(t.Context(), p2, true, home))
	r.wants("kept", second(r.Authenticate(t.Context(), t2)), "")
	r.wants("elsewhere", second(r.Authenticate(t.Context(), t3)), CodeUnauthenticated)
	r.must(r.LogOutEverywhere(t.Context(), p2, false, home))
	r.wants("here too", second(r.Authenticate(t.Context(), t2)), CodeUnauthenticated)
}

func TestRevokeLogin(t *testing.T) {
	r := newRig(t)
	defer r.close()
	ada := r.user("Ada")
	bob := r.user("Bob")
	other, token := r.in("Ada")
	r.wants("someone else's", r.RevokeLogin(t.Context(), bob, other.JTI, home), CodeNotFound)
	r.wants("still there", second(r.Authenticate(t.Context(), token)), "")
	r.wants("one's own", r.RevokeLogin(t.Context(), ada, other.JTI, home), "")
	r.wants("ended", second(r.Authenticate(t.Context(), token)), CodeUnauthenticated)
	r.wants("unknown", r.RevokeLogin(t.Context(), ada, "nothing", home), CodeNotFound)
}

func TestLoginsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		r.user("Ada")
		_, oldest := r.in("Ada")
		for range maxLogins + 5 {
			time.Sleep(time.Second)
			r.in("Ada")
		}
		p, token := r.in("Ada")
		list, err := r.Logins(t.Context(), p)
		r.must(err)
		if len(list) != maxLogins {
			t.Errorf("%d log-ins, want %d", len(list), maxLogins)
		}
		r.wants("newest", second(r.Authenticate(t.Context(), token)), "")
		r.wants("oldest", second(r.Authenticate(t.Context(), oldest)), CodeUnauthenticated)
	})
}

// Many wrong tries are few lines, which tell nothing of what was typed.
func TestFailuresAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		r.user("Ada")
		const typed = "my-password-in-the-wrong-field"
		begun := time.Now()
		for time.Since(begun) < 3*time.Minute-time.Second {
			_, _ = r.LogIn(t.Context(), typed, "wrong-password", away)
			time.Sleep(250 * time.Millisecond)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		lines := r.logs.FilterMessage("log-ins failed").All()
		var sum int64
		for _, l := range lines {
			sum += l.ContextMap()["count"].(int64)
			if l.ContextMap()["from"] != away.Addr.String() {
				t.Errorf("line %v", l.ContextMap())
			}
		}
		if len(lines) < 3 || len(lines) > 5 || sum != 4*179 {
			t.Errorf("%d lines, %d failures in them, want 3 to 5 and %d", len(lines), sum, 4*179)
		}
		var entries int
		for _, e := range r.audited() {
			if e.Action == "login.fail" {
				entries++
			}
			if strings.Contains(fmt.Sprint(e), typed) {
				t.Errorf("entry %v tells what was typed", e)
			}
		}
		if entries != len(lines) {
			t.Errorf("%d entries of the audit log, %d lines", entries, len(lines))
		}
	})
}

func TestFailuresOfManySources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFailureLog()
		var lines, sum int
		count := func(list []report) {
			for _, r := range list {
				lines++
				sum += r.count
			}
		}
		const sources = 3 * maxCached
		for i := range sources {
			from := From{Addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})}
			count(f.add(auth.Source(from.Addr), from, time.Now()))
		}
		if lines != maxReports {
			t.Errorf("%d lines at once, want %d", lines, maxReports)
		}
		time.Sleep(time.Minute)
		count(f.due(time.Now()))
		if lines != maxReports+1 || sum != sources {
			t.Errorf("%d lines tell of %d failures, want %d and %d", lines, sum, maxReports+1, sources)
		}
	})
}

func second[A any](_ A, err error) error { return err }
