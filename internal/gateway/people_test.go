// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/gateway"
)

const password = "seven green bicycles"

func wantCode(t *testing.T, err error, code control.Code) {
	t.Helper()
	if e, ok := errors.AsType[*control.Error](err); !ok || e.Code != code {
		t.Errorf("got %v, want the code %s", err, code)
	}
}

// TestAccountsByCommand does with a stopped and with a running gateway what
// operators do.
func TestAccountsByCommand(t *testing.T) {
	for name, running := range map[string]bool{"stopped": false, "running": true} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			if running {
				start(t, dir)
			}
			s, err := open(t, dir, true)
			if err != nil {
				t.Fatal(err)
			}
			accountsByCommand(t, s)
		})
	}
}

func accountsByCommand(t *testing.T, s control.Service) {
	ctx := t.Context()
	early := create(t, s, "early")
	if _, err := s.CreateClientToken(ctx, "", "client-a"); err != nil {
		t.Fatal(err)
	}
	first, err := s.SetupLink(ctx)
	if err != nil || !strings.Contains(first.URL, "/setup#") || time.Until(first.ExpiresAt) > 30*time.Minute {
		t.Errorf("%+v, %v", first, err)
	}
	for _, bad := range []control.NewAdmin{
		{Name: "a.b", Email: "a@b.example", Password: password},
		{Name: "alice", Email: "none", Password: password},
		{Name: "alice", Email: "a@b.example", Password: "password"},
		{Name: "alice", Email: "a@b.example", Password: strings.Repeat("long ", 20)},
	} {
		_, err := s.CreateAdmin(ctx, bad)
		wantCode(t, err, control.CodeInvalid)
	}
	alice, err := s.CreateAdmin(ctx, control.NewAdmin{Name: "alice", Email: "a@b.example", Password: password})
	if err != nil || alice.Name != "alice" || !alice.Admin {
		t.Fatalf("%+v, %v", alice, err)
	}
	_, err = s.CreateAdmin(ctx, control.NewAdmin{Name: "Alice", Email: "c@b.example", Password: password})
	wantCode(t, err, control.CodeInvalid)
	_, err = s.SetupLink(ctx)
	wantCode(t, err, control.CodeInvalid)
	// What was there is hers now, and what comes is too, or whose it shall be.
	if _, err := s.CreateAdmin(ctx, control.NewAdmin{Name: "aaron", Email: "d@b.example", Password: password}); err != nil {
		t.Fatal(err)
	}
	create(t, s, "late")
	if e, err := s.CreateEndpoint(ctx, "d@b.example", "his", control.Settings{}); err != nil || e.Name != "his" {
		t.Errorf("%+v, %v", e, err)
	}
	_, err = s.CreateEndpoint(ctx, "nobody", "", control.Settings{})
	wantCode(t, err, control.CodeNotFound)
	if tok, err := s.CreateClientToken(ctx, "aaron", ""); err != nil || tok.Owner != "aaron" {
		t.Errorf("%+v, %v", tok, err)
	}
	list, err := s.Endpoints(ctx)
	if err != nil || len(list) != 3 || list[0].ID != early.ID || list[0].Owner != "alice" || list[1].Owner != "alice" || list[2].Owner != "aaron" {
		t.Errorf("%+v, %v", list, err)
	}
	tokens, err := s.ClientTokens(ctx)
	if err != nil || len(tokens) != 2 || tokens[0].Owner != "alice" || tokens[1].Owner != "aaron" {
		t.Errorf("%+v, %v", tokens, err)
	}
	usersByCommand(t, s)
	invitesByCommand(t, s)
}

func usersByCommand(t *testing.T, s control.Service) {
	ctx := t.Context()
	p, err := s.Users(ctx, "", control.Page{Limit: 1})
	if err != nil || len(p.Users) != 1 || p.Users[0].Name != "aaron" || p.Next == "" {
		t.Fatalf("%+v, %v", p, err)
	}
	if p, err = s.Users(ctx, "", control.Page{After: p.Next, Limit: 1}); err != nil || len(p.Users) != 1 || p.Users[0].Name != "alice" {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err = s.Users(ctx, "D@B", control.Page{Limit: 10}); err != nil || len(p.Users) != 1 || p.Users[0].Name != "aaron" || p.Next != "" {
		t.Errorf("%+v, %v", p, err)
	}
	if err := s.DisableUser(ctx, "aaron"); err != nil {
		t.Error(err)
	}
	wantCode(t, s.DisableUser(ctx, "alice"), control.CodeInvalid) // the last administrator
	wantCode(t, s.DeleteUser(ctx, "alice"), control.CodeInvalid)
	wantCode(t, s.DeleteUser(ctx, "nobody"), control.CodeNotFound)
	if p, err = s.Users(ctx, "aaron", control.Page{Limit: 10}); err != nil || p.Users[0].DisabledAt.IsZero() {
		t.Errorf("%+v, %v", p, err)
	}
	if err := s.EnableUser(ctx, "aaron"); err != nil {
		t.Error(err)
	}
	if l, err := s.ResetPassword(ctx, "a@b.example"); err != nil || !strings.Contains(l.URL, "/reset#") || l.ExpiresAt.Before(time.Now()) {
		t.Errorf("%+v, %v", l, err)
	}
	_, err = s.ResetPassword(ctx, "nobody")
	wantCode(t, err, control.CodeNotFound)
	if err := s.DeleteUser(ctx, "aaron"); err != nil {
		t.Error(err)
	}
	// With everything that was his.
	if list, err := s.Endpoints(ctx); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	if tokens, err := s.ClientTokens(ctx); err != nil || len(tokens) != 1 {
		t.Errorf("%+v, %v", tokens, err)
	}
}

func invitesByCommand(t *testing.T, s control.Service) {
	ctx := t.Context()
	soon := time.Now().Add(time.Hour)
	made, err := s.CreateInvites(ctx, control.InviteRequest{Count: 3, Note: "spring", ExpiresAt: soon})
	if err != nil || len(made) != 3 || made[0].Code == made[1].Code || !strings.HasSuffix(made[0].URL, "/register#"+made[0].Code) {
		t.Fatalf("%+v, %v", made, err)
	}
	for _, bad := range []control.InviteRequest{{Count: 0, ExpiresAt: soon}, {Count: 1e6, ExpiresAt: soon}, {Count: 1, ExpiresAt: time.Now().Add(-time.Hour)}} {
		_, err := s.CreateInvites(ctx, bad)
		wantCode(t, err, control.CodeInvalid)
	}
	if err := s.RevokeInvite(ctx, made[1].ID); err != nil {
		t.Error(err)
	}
	wantCode(t, s.RevokeInvite(ctx, 1e9), control.CodeNotFound)
	for state, want := range map[string]int{"": 3, "unused": 2, "revoked": 1, "used": 0, "expired": 0} {
		p, err := s.Invites(ctx, state, control.Page{Limit: 10})
		if err != nil || len(p.Invites) != want {
			t.Errorf("%q: %+v, %v", state, p, err)
		}
		for _, v := range p.Invites {
			if state != "" && v.State != state || v.Note != "spring" {
				t.Errorf("%q: %+v", state, v)
			}
		}
	}
	_, err = s.Invites(ctx, "lost", control.Page{Limit: 10})
	wantCode(t, err, control.CodeInvalid)
}

func TestBackup(t *testing.T) {
	dir := folder(t)
	c, _ := start(t, dir)
	e := create(t, c, "kept")
	s, err := open(t, dir, false)
	if err != nil {
		t.Fatal(err)
	}
	copied := folder(t)
	if err := os.Mkdir(copied, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(copied, "culvert.db")
	if err := s.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := s.Backup(t.Context(), file); err == nil {
		t.Error("it has overwritten a file")
	}
	wantCode(t, s.Backup(t.Context(), "relative"), control.CodeInvalid)
	create(t, c, "later")
	restored, _ := start(t, copied)
	if list, err := restored.Endpoints(t.Context()); err != nil || len(list) != 1 || list[0].ID != e.ID {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestFirstLink(t *testing.T) {
	dir := folder(t)
	c, _ := start(t, dir)
	l, err := c.FirstLink(t.Context())
	if err != nil || !strings.HasPrefix(l.URL, "http://localhost:1/setup#") {
		t.Fatalf("%+v, %v", l, err)
	}
	path, err := c.LeaveFirstLink(l)
	if err != nil || filepath.Dir(path) != dir {
		t.Fatal(path, err)
	}
	b, err := os.ReadFile(path)
	info, statErr := os.Stat(path)
	if err != nil || statErr != nil || string(b) != l.URL+"\n" || info.Mode() != 0o600 {
		t.Errorf("%q, %v, %v", b, info, err)
	}
	if _, err := c.LeaveFirstLink(l); err != nil { // the next start
		t.Error(err)
	}
	s, err := open(t, dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateAdmin(t.Context(), control.NewAdmin{Name: "alice", Email: "a@b.example", Password: password}); err != nil {
		t.Fatal(err)
	}
	if l, err := c.FirstLink(t.Context()); err != nil || l != (control.Link{}) {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a link that is of no use is still there: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil { // one that could not be removed
		t.Fatal(err)
	}
	for range 2 {
		if path, err := c.LeaveFirstLink(control.Link{}); err != nil || path != "" {
			t.Error(path, err)
		}
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
	if err := c.Close(gateway.Removed); err != nil {
		t.Error(err)
	}
	_, err = c.FirstLink(t.Context())
	wantCode(t, err, control.CodeUnavailable)
}
