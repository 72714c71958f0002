// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/auth"
)

func TestRegister(t *testing.T) {
	r := newRig(t)
	defer r.close()
	good := Registration{Name: "Ada_1", Email: "ada@example.org", Password: goodPassword}
	for name, tc := range map[string]struct {
		change func(*Registration)
		want   Code
		field  string
	}{
		"no name":          {func(g *Registration) { g.Name = "" }, CodeInvalid, "name"},
		"name with a dot":  {func(g *Registration) { g.Name = "a.b" }, CodeInvalid, "name"},
		"name with at":     {func(g *Registration) { g.Name = "a@b" }, CodeInvalid, "name"},
		"long name":        {func(g *Registration) { g.Name = strings.Repeat("a", 64) }, CodeInvalid, "name"},
		"no e-mail":        {func(g *Registration) { g.Email = "" }, CodeInvalid, "email"},
		"bad e-mail":       {func(g *Registration) { g.Email = "ada" }, CodeInvalid, "email"},
		"e-mail and name":  {func(g *Registration) { g.Email = "Ada <ada@example.org>" }, CodeInvalid, "email"},
		"long e-mail":      {func(g *Registration) { g.Email = strings.Repeat("a", 250) + "@b.org" }, CodeInvalid, "email"},
		"no password":      {func(g *Registration) { g.Password = "" }, CodePasswordWeak, ""},
		"common password":  {func(g *Registration) { g.Password = "password" }, CodePasswordWeak, ""},
		"name as password": {func(g *Registration) { g.Name = "wanderer"; g.Password = "Wanderer" }, CodePasswordWeak, ""},
		"long password":    {func(g *Registration) { g.Password = strings.Repeat("ab", 37) }, CodePasswordTooLong, ""},
		"no code":          {func(g *Registration) { g.Code = "" }, CodeInviteInvalid, ""},
		"wrong code":       {func(g *Registration) { g.Code = "ABC" }, CodeInviteInvalid, ""},
	} {
		g := good
		g.Code = r.invite()
		tc.change(&g)
		u, err := r.Register(t.Context(), g, From{})
		r.wants(name, err, tc.want)
		var e *Error
		if errors.As(err, &e) && tc.field != "" && e.Details[tc.field] == "" {
			t.Errorf("%s: details %v, want %s", name, e.Details, tc.field)
		}
		if u.ID != 0 {
			t.Errorf("%s: made %+v", name, u)
		}
	}
	good.Code = " " + strings.ToLower(r.invite()) + "\n" // as people paste it
	u, err := r.Register(t.Context(), good, home)
	r.must(err)
	if u.Admin || u.PasswordHash != "" || u.Name != "Ada_1" || !u.TermsAt.IsZero() {
		t.Errorf("registered %+v", u)
	}
	if got := r.told(u.ID); len(got) != 1 || got[0] != UserCreated {
		t.Errorf("told %v", got)
	}
	r.in("Ada_1")
}

// To who has no valid invite all is alike, also what is taken; what is taken
// does not use an invite up.
func TestRegisterTellsStrangersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		admin := r.admin("root")
		used := r.invite()
		taken := Registration{Name: "Ada", Email: "ada@example.org", Password: goodPassword}
		first := taken
		first.Code = used
		r.must(second(r.Register(t.Context(), first, From{})))
		list, err := r.CreateInvites(t.Context(), admin, 2, "", time.Now().Add(time.Minute), home)
		r.must(err)
		r.must(r.RevokeInvite(t.Context(), admin, list[1].ID, home))
		time.Sleep(time.Minute)
		var texts []string
		for _, code := range []string{used, list[0].Code, list[1].Code, "WRONG"} {
			hashed := r.hasher.hashed.Load()
			g := taken
			g.Code = code
			_, err := r.Register(t.Context(), g, From{})
			r.wants(code, err, CodeInviteInvalid)
			texts = append(texts, err.Error())
			if n := r.hasher.hashed.Load() - hashed; n != 1 {
				t.Errorf("%s: hashed %d times, want once", code, n)
			}
		}
		for _, s := range texts {
			if s != texts[0] {
				t.Errorf("%q, %q", s, texts[0])
			}
		}
		g := taken
		g.Code = r.invite()
		for field, change := range map[string]func(){
			"name":  func() { g.Name, g.Email = "ADA", "new@example.org" },
			"email": func() { g.Name, g.Email = "new", "ADA@example.org" },
		} {
			change()
			_, err := r.Register(t.Context(), g, From{})
			r.wants(field, err, CodeExists)
			var e *Error
			if errors.As(err, &e); e.Details["field"] != field {
				t.Errorf("details %v, want %s", e.Details, field)
			}
		}
		g.Name, g.Email = "new", "new@example.org"
		r.wants("the same invite", second(r.Register(t.Context(), g, From{})), "")
	})
}

func TestInviteWorksOnce(t *testing.T) {
	r := newRig(t)
	defer r.close()
	r.gate = auth.NewGate(1000)
	r.hasher.Hasher = freeHasher{}
	code := r.invite()
	var made, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			_, err := r.Register(t.Context(), Registration{
				Code: code, Name: fmt.Sprint("user", i), Email: fmt.Sprint(i, "@example.org"), Password: goodPassword,
			}, From{})
			var e *Error
			switch {
			case err == nil:
				made.Add(1)
			case errors.As(err, &e) && e.Code == CodeInviteInvalid:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	users, _, err := r.db.CountUsers(t.Context())
	if err != nil || users != 1 || made.Load() != 1 || refused.Load() != 999 {
		t.Errorf("%d made, %d refused, %d users, %v", made.Load(), refused.Load(), users, err)
	}
}

// freeHasher costs nothing, so that all come at the store at once.
type freeHasher struct{ auth.Hasher }

func (freeHasher) Hash(string) (string, error) { return "none", nil }

func TestTerms(t *testing.T) {
	r := newRig(t)
	defer r.close()
	admin := r.admin("root")
	_, err := r.SetSetting(t.Context(), admin, SettingTerms, []byte(`"Be kind."`), 0, home)
	r.must(err)
	if terms, err := r.Terms(t.Context()); terms != "Be kind." || err != nil {
		t.Errorf("Terms = %q, %v", terms, err)
	}
	g := Registration{Code: r.invite(), Name: "Ada", Email: "ada@example.org", Password: goodPassword}
	r.wants("not accepted", second(r.Register(t.Context(), g, home)), CodeTermsRequired)
	g.AcceptTerms = true
	u, err := r.Register(t.Context(), g, home)
	if err != nil || u.TermsAt.IsZero() {
		t.Errorf("accepted at %v, %v", u.TermsAt, err)
	}
}

func TestRegistrationClosed(t *testing.T) {
	r := newRig(t)
	defer r.close()
	admin := r.admin("root")
	_, err := r.SetSetting(t.Context(), admin, SettingRegistration, []byte("false"), 0, home)
	r.must(err)
	g := Registration{Code: r.invite(), Name: "Ada", Email: "ada@example.org", Password: goodPassword}
	r.wants("closed", second(r.Register(t.Context(), g, home)), CodeRegistrationClosed)
}

func TestCodesAreThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		r.admin("root")
		for name, try := range map[string]func(From) error{
			"register": func(from From) error {
				return second(r.Register(t.Context(), Registration{Code: "X", Name: "n", Email: "n@example.org", Password: goodPassword}, from))
			},
			"reset": func(from From) error { return r.ResetPassword(t.Context(), "X", goodPassword, from) },
			"setup": func(from From) error {
				return second(r.Setup(t.Context(), "X", "n", "n@example.org", goodPassword, from))
			},
		} {
			for range 10 {
				if err := try(away); err == nil || strings.Contains(err.Error(), "Too many") {
					t.Errorf("%s: %v", name, err)
				}
			}
			r.wants(name, try(away), CodeRateLimited)
			time.Sleep(time.Minute)
			if err := try(away); err == nil || strings.Contains(err.Error(), "Too many") {
				t.Errorf("%s a minute later: %v", name, err)
			}
			time.Sleep(10 * time.Minute)
		}
		for range 30 { // good codes do not count
			r.must(second(r.Register(t.Context(), Registration{
				Code: r.invite(), Name: "n" + strings.ToLower(r.invite()), Email: strings.ToLower(r.invite()) + "@example.org", Password: goodPassword,
			}, away)))
		}
	})
}

func TestSetup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		ada := r.user("Ada") // by an invite of a command
		_, _, err := r.CreateClientToken(t.Context(), System(), 0, "box", "", From{})
		r.must(err)
		old, _, err := r.FirstLink(t.Context())
		r.must(err)
		code, expires, err := r.FirstLink(t.Context())
		if err != nil || code == "" || !expires.Equal(time.Now().Add(FirstLinkLife)) {
			t.Fatalf("FirstLink = %q, %v, %v", code, expires, err)
		}
		setup := func(code, name, password string) error {
			u, err := r.Setup(t.Context(), code, name, name+"@example.org", password, home)
			if err == nil && (!u.Admin || u.PasswordHash != "") {
				t.Errorf("made %+v", u)
			}
			return err
		}
		r.wants("the older link", setup(old, "root", goodPassword), CodeLinkInvalid)
		r.wants("a weak password", setup(code, "root", "password"), CodePasswordWeak)
		r.wants("a name that is taken", setup(code, "ada", goodPassword), CodeExists)
		time.Sleep(FirstLinkLife)
		r.wants("too late", setup(code, "root", goodPassword), CodeLinkInvalid)
		code, _, err = r.FirstLink(t.Context())
		r.must(err)
		r.told(0)
		r.wants("in time", setup(code, "root", goodPassword), "")
		root, _ := r.in("root")
		if got := r.told(root.User.ID); len(got) != 2 || got[0] != UserCreated || got[1] != OrphansAdopted {
			t.Errorf("told %v", got)
		}
		r.wants("twice", setup(code, "root2", goodPassword), CodeLinkInvalid)
		if code, _, err := r.FirstLink(t.Context()); code != "" || err != nil {
			t.Errorf("FirstLink with an administrator = %q, %v", code, err)
		}
		list, err := r.ClientTokens(t.Context(), root, root.User.ID)
		if err != nil || len(list) != 1 || list[0].Client != "box" {
			t.Errorf("the first administrator has %v, %v", list, err)
		}
		if list, _ := r.ClientTokens(t.Context(), ada, ada.User.ID); len(list) != 0 {
			t.Errorf("Ada has %v", list)
		}
	})
}

func TestCreateAdmin(t *testing.T) {
	r := newRig(t)
	defer r.close()
	code, _, err := r.FirstLink(t.Context())
	r.must(err)
	root := r.admin("root")
	r.wants("the link is void now", second(r.Setup(t.Context(), code, "evil", "e@example.org", goodPassword, away)), CodeLinkInvalid)
	ada := r.user("Ada")
	r.told(0)
	other, err := r.CreateAdmin(t.Context(), root, "root2", "root2@example.org", goodPassword, home)
	if err != nil || !other.Admin {
		t.Errorf("CreateAdmin = %+v, %v", other, err)
	}
	if got := r.told(other.ID); len(got) != 1 {
		t.Errorf("told %v: the second one adopts nothing", got)
	}
	r.wants("by a user", second(r.CreateAdmin(t.Context(), ada, "x", "x@example.org", goodPassword, home)), CodeForbidden)
	r.wants("taken", second(r.CreateAdmin(t.Context(), root, "ROOT", "x@example.org", goodPassword, home)), CodeExists)
	r.wants("weak", second(r.CreateAdmin(t.Context(), root, "x", "x@example.org", "short", home)), CodePasswordWeak)
	if _, admins, err := r.db.CountUsers(t.Context()); admins != 2 || err != nil {
		t.Errorf("%d administrators, %v", admins, err)
	}
}
