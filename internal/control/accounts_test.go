// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/control"
)

func (f *fake) CreateAdmin(_ context.Context, a control.NewAdmin) (control.User, error) {
	f.got = a
	return control.User{ID: 7, Name: a.Name, Admin: true}, f.err
}

func (f *fake) SetupLink(context.Context) (control.Link, error) {
	return control.Link{URL: "https://a.example/setup#x", ExpiresAt: time.Unix(5, 0).UTC()}, f.err
}

func (f *fake) Users(_ context.Context, search string, p control.Page) (control.UserPage, error) {
	f.got = []any{search, p}
	return control.UserPage{Users: []control.User{{Name: "ä"}}, Next: "n"}, f.err
}

func (f *fake) change(what, name string) error {
	f.got = what + " " + name
	return f.err
}

func (f *fake) DisableUser(_ context.Context, name string) error { return f.change("disable", name) }
func (f *fake) EnableUser(_ context.Context, name string) error  { return f.change("enable", name) }
func (f *fake) DeleteUser(_ context.Context, name string) error  { return f.change("delete", name) }

func (f *fake) ResetPassword(_ context.Context, name string) (control.Link, error) {
	return control.Link{URL: "u"}, f.change("reset", name)
}

func (f *fake) CreateInvites(_ context.Context, r control.InviteRequest) ([]control.NewInvite, error) {
	f.got = r
	return []control.NewInvite{{Invite: control.Invite{ID: 3}, Code: "c", URL: "u"}}, f.err
}

func (f *fake) Invites(_ context.Context, state string, p control.Page) (control.InvitePage, error) {
	f.got = []any{state, p}
	return control.InvitePage{Invites: []control.Invite{{ID: 4, State: "used"}}}, f.err
}

func (f *fake) RevokeInvite(_ context.Context, id int64) error {
	f.got = id
	return f.err
}

// Backup takes longer than any timeout of the socket if its file says so.
func (f *fake) Backup(ctx context.Context, file string) error {
	f.got = file
	if file == "/slow" {
		select {
		case <-time.After(12 * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return f.err
}

func TestAccountCallsArriveAsTheyWereMade(t *testing.T) {
	f := new(fake)
	c := serve(t, t.TempDir(), f)
	ctx := t.Context()

	admin := control.NewAdmin{Name: "alice", Email: "a@b.example", Password: " p\"w "}
	if u, err := c.CreateAdmin(ctx, admin); err != nil || f.got != admin || u.ID != 7 || !u.Admin {
		t.Errorf("%+v, %v", u, err)
	}
	if l, err := c.SetupLink(ctx); err != nil || l.URL != "https://a.example/setup#x" || l.ExpiresAt.Unix() != 5 {
		t.Errorf("%+v, %v", l, err)
	}
	// A name is whatever somebody typed.
	const name = "a/b?c=d&e #%ä"
	p := control.Page{After: "x&limit=9", Limit: 2}
	if us, err := c.Users(ctx, name, p); err != nil || !reflect.DeepEqual(f.got, []any{name, p}) || us.Next != "n" || us.Users[0].Name != "ä" {
		t.Errorf("%+v, %v, %v", us, f.got, err)
	}
	for what, do := range map[string]func(context.Context, string) error{
		"disable": c.DisableUser, "enable": c.EnableUser, "delete": c.DeleteUser,
		"reset": func(ctx context.Context, name string) error { _, err := c.ResetPassword(ctx, name); return err },
	} {
		if err := do(ctx, name); err != nil || f.got != what+" "+name {
			t.Errorf("%s: %v, %v", what, f.got, err)
		}
	}
	r := control.InviteRequest{Count: 2, Note: "n", ExpiresAt: time.Unix(9, 0).UTC()}
	if is, err := c.CreateInvites(ctx, r); err != nil || f.got != r || is[0].ID != 3 || is[0].Code != "c" || is[0].URL != "u" {
		t.Errorf("%+v, %v, %v", is, f.got, err)
	}
	if is, err := c.Invites(ctx, "used", p); err != nil || !reflect.DeepEqual(f.got, []any{"used", p}) || is.Invites[0].ID != 4 || is.Next != "" {
		t.Errorf("%+v, %v, %v", is, f.got, err)
	}
	if err := c.RevokeInvite(ctx, -4); err != nil || f.got != int64(-4) {
		t.Errorf("%v, %v", f.got, err)
	}
	f.err = control.NoUser(name)
	var e *control.Error
	if err := c.DisableUser(ctx, name); !errors.As(err, &e) || e.Code != control.CodeNotFound {
		t.Errorf("%v", err)
	}
}

// TestBackupTakesItsTime: the server's other answers must come within seconds.
func TestBackupTakesItsTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 12 s")
	}
	f := new(fake)
	c := serve(t, t.TempDir(), f)
	if err := c.Backup(t.Context(), "/slow"); err != nil || f.got != "/slow" {
		t.Errorf("%v, %v", f.got, err)
	}
}
