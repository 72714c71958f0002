// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestVisits: a ticket is good once, for its host and browser, and for a minute;
// the token for its host and as long as the log-in.
func TestVisits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		ctx := t.Context()
		r.user("alice")
		p, login := r.in("alice")
		ticket := func() string {
			text, _, err := r.VisitTicket(ctx, p, "web-alice", "state")
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		for _, wrong := range [][3]string{{ticket(), "web-bob", "state"}, {ticket(), "web-alice", "other"}, {ticket(), "web-alice", ""}, {"made up", "web-alice", "state"}} {
			for range 2 { // also with what is right, after it was tried
				if _, _, err := r.RedeemVisit(ctx, wrong[0], wrong[1], wrong[2]); codeOf(err) != CodeLinkInvalid {
					t.Errorf("%q: %v", wrong, err)
				}
				wrong[1], wrong[2] = "web-alice", "state"
			}
		}
		late := ticket()
		time.Sleep(ticketLife)
		if _, _, err := r.RedeemVisit(ctx, late, "web-alice", "state"); codeOf(err) != CodeLinkInvalid {
			t.Errorf("late: %v", err)
		}
		token, expires, err := r.RedeemVisit(ctx, ticket(), "web-alice", "state")
		if err != nil || time.Until(expires) != visitLife {
			t.Fatalf("until %v, %v", expires, err)
		}
		who := func(token, host string) string {
			p, err := r.AuthenticateVisit(ctx, token, host)
			if err != nil {
				return string(codeOf(err))
			}
			return p.User.Name
		}
		for range 2 { // the second from memory
			if got := who(token, "web-alice") + " " + who(token, "web-bob") + " " + who(login, "web-alice"); got != "alice unauthenticated unauthenticated" {
				t.Errorf("got %s", got)
			}
		}
		if _, err := r.Authenticate(ctx, token); codeOf(err) != CodeUnauthenticated {
			t.Errorf("the token of a visit is a log-in: %v", err)
		}
		time.Sleep(visitLife)
		if got := who(token, "web-alice"); got != string(CodeUnauthenticated) {
			t.Errorf("for ever: %s", got)
		}
		token, _, err = r.RedeemVisit(ctx, ticket(), "web-alice", "state")
		if err != nil || who(token, "web-alice") != "alice" {
			t.Fatal(err)
		}
		if err := r.LogOut(ctx, p, home); err != nil {
			t.Fatal(err)
		}
		if got := who(token, "web-alice"); got != string(CodeUnauthenticated) {
			t.Errorf("after the log-out: %s", got)
		}
	})
}

// TestOpenWith: wrong passwords are counted, right ones are remembered, but not
// for other rules.
func TestOpenWith(t *testing.T) {
	r := newRig(t)
	defer r.close()
	ctx := t.Context()
	hash, err := r.hasher.Hash("open sesame")
	if err != nil {
		t.Fatal(err)
	}
	other, err := r.hasher.Hash("closed sesame")
	if err != nil {
		t.Fatal(err)
	}
	before := r.hasher.checked.Load()
	for range 20 {
		if err := r.OpenWith(ctx, hash, "open sesame", home.Addr); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.hasher.checked.Load() - before; n != 1 {
		t.Errorf("%d were compared", n)
	}
	if err := r.OpenWith(ctx, other, "open sesame", home.Addr); codeOf(err) != CodePasswordWrong {
		t.Errorf("with other rules: %v", err)
	}
	limited := false
	for i := range 12 {
		limited = limited || codeOf(r.OpenWith(ctx, hash, fmt.Sprint("guess", i), home.Addr)) == CodeRateLimited
	}
	if !limited {
		t.Error("one can guess for ever")
	}
	if err := r.OpenWith(ctx, hash, "open sesame", home.Addr); err != nil {
		t.Errorf("who knows it is held up: %v", err)
	}
	if err := r.OpenWith(ctx, hash, "guess", away.Addr); codeOf(err) != CodePasswordWrong {
		t.Errorf("others are held up: %v", err)
	}
}

func codeOf(err error) Code {
	e, _ := errors.AsType[*Error](err)
	if e == nil {
		return ""
	}
	return e.Code
}
