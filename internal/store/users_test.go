// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
)

func hashOf(parts ...any) [32]byte { return sha256.Sum256([]byte(fmt.Sprint(parts...))) }

func addUser(t testing.TB, s *Store, name string) User {
	t.Helper()
	u, err := s.CreateUser(t.Context(), User{Name: name, Email: name + "@example.com", CreatedAt: t0})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func addAdmin(t testing.TB, s *Store, name string) User {
	t.Helper()
	u, err := s.CreateUser(t.Context(), User{Name: name, Email: name + "@example.com", Admin: true, CreatedAt: t0})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestUsers(t *testing.T) { withStore(t, testUsers) }

func testUsers(t *testing.T, s *Store) {
	want := User{
		Name: "Élise", Email: "Elise@Example.com", PasswordHash: "$2a$", Admin: true, CreatedAt: t0,
		DisabledAt: t0.Add(1e9), TermsAt: t0.Add(2e9), Epoch: 7,
		Limits: UserLimits{Endpoints: 1, Clients: -1, Connections: 3, MonthlyBytes: 1 << 40},
	}
	got, err := s.CreateUser(t.Context(), want)
	want.ID, want.Version = got.ID, 1
	if err != nil || got != want || got.ID < 1 {
		t.Fatalf("got  %+v\nwant %+v\n(%v)", got, want, err)
	}
	for _, login := range []string{"Élise", "éLISE", "elise@example.com", "ELISE@EXAMPLE.COM"} {
		if got, err := s.UserByLogin(t.Context(), login); err != nil || got != want {
			t.Errorf("%s: %+v, %v", login, got, err)
		}
	}
	if got, err := s.User(t.Context(), want.ID); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, login := range []string{"", "@", "elise", "Elise@Example.co", "%"} {
		if _, err := s.UserByLogin(t.Context(), login); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", login, err)
		}
	}
	if _, err := s.User(t.Context(), want.ID+1); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	for field, u := range map[string]User{
		"name":  {Name: "ÉLISE", Email: "other@example.com"},
		"email": {Name: "other", Email: "elise@example.COM"},
	} {
		_, err := s.CreateUser(t.Context(), u)
		var exists *ExistsError
		if !errors.Is(err, ErrExists) || !errors.As(err, &exists) || exists.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestUpdateUser(t *testing.T) { withStore(t, testUpdateUser) }

func testUpdateUser(t *testing.T, s *Store) {
	a, b := addAdmin(t, s, "a"), addUser(t, s, "b")
	got, err := s.UpdateUser(t.Context(), b.ID, b.Version, func(u *User) { u.Name, u.Epoch, u.Limits.Clients = "B2", 3, 9 })
	want := b
	want.Name, want.Epoch, want.Limits.Clients, want.Version = "B2", 3, 9, 2
	if err != nil || got != want {
		t.Errorf("got  %+v\nwant %+v\n(%v)", got, want, err)
	}
	if _, err := s.UpdateUser(t.Context(), b.ID, b.Version, func(*User) {}); !errors.Is(err, ErrConflict) {
		t.Errorf("old version: %v", err)
	}
	if _, err := s.UpdateUser(t.Context(), 999, 0, func(*User) {}); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	var exists *ExistsError
	_, err = s.UpdateUser(t.Context(), b.ID, 0, func(u *User) { u.Name = "A" })
	if !errors.As(err, &exists) || exists.Field != "name" {
		t.Errorf("a's name: %v", err)
	}
	// The last administrator.
	for _, change := range []func(*User){func(u *User) { u.Admin = false }, func(u *User) { u.DisabledAt = t0 }} {
		if _, err := s.UpdateUser(t.Context(), a.ID, 0, change); !errors.Is(err, ErrLastAdmin) {
			t.Errorf("%v", err)
		}
	}
	if err := s.DeleteUser(t.Context(), a.ID); !errors.Is(err, ErrLastAdmin) {
		t.Error(err)
	}
	if got, err := s.User(t.Context(), a.ID); err != nil || got != a {
		t.Errorf("changed all the same: %+v, %v", got, err)
	}
	if users, admins, err := s.CountUsers(t.Context()); err != nil || users != 2 || admins != 1 {
		t.Errorf("%d users, %d administrators, %v", users, admins, err)
	}
}

// TestLastAdminAtOnce lets all administrators step down together.
func TestLastAdminAtOnce(t *testing.T) { withStore(t, testLastAdminAtOnce) }

func testLastAdminAtOnce(t *testing.T, s *Store) {
	const n = 8
	var wg sync.WaitGroup
	for i := range n {
		u := addAdmin(t, s, fmt.Sprint("admin", i))
		wg.Go(func() {
			var err error
			switch i % 3 {
			case 0:
				err = s.DeleteUser(t.Context(), u.ID)
			case 1:
				_, err = s.UpdateUser(t.Context(), u.ID, 0, func(u *User) { u.Admin = false })
			case 2:
				_, err = s.UpdateUser(t.Context(), u.ID, 0, func(u *User) { u.DisabledAt = t0 })
			}
			if err != nil && !errors.Is(err, ErrLastAdmin) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, admins, err := s.CountUsers(t.Context()); err != nil || admins < 1 {
		t.Errorf("%d administrators are left (%v)", admins, err)
	}
}

func TestUserPages(t *testing.T) { withStore(t, testUserPages) }

func testUserPages(t *testing.T, s *Store) {
	for _, name := range []string{"dora", "Carl_", "carlo", "bob", "Zoë", "Anna"} {
		addUser(t, s, name)
	}
	yes, no := true, false
	for name, change := range map[string]func(*User){
		"bob": func(u *User) { u.Admin = true }, "Zoë": func(u *User) { u.DisabledAt = t0 },
	} {
		u, err := s.UserByLogin(t.Context(), name)
		if err == nil {
			_, err = s.UpdateUser(t.Context(), u.ID, 0, change)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		filter UserFilter
		want   []string
	}{
		{UserFilter{}, []string{"Anna", "bob", "Carl_", "carlo", "dora", "Zoë"}},
		{UserFilter{Search: "CARL"}, []string{"Carl_", "carlo"}},
		{UserFilter{Search: "_"}, []string{"Carl_"}},
		{UserFilter{Search: "%"}, nil},
		{UserFilter{Search: `\`}, nil},
		{UserFilter{Search: "dora@ex"}, []string{"dora"}},
		{UserFilter{Search: "ZOË"}, []string{"Zoë"}},
		{UserFilter{Admin: &yes}, []string{"bob"}},
		{UserFilter{Admin: &no, Search: "o"}, []string{"Anna", "Carl_", "carlo", "dora", "Zoë"}},
		{UserFilter{Disabled: &yes}, []string{"Zoë"}},
		{UserFilter{Disabled: &no, Admin: &no}, []string{"Anna", "Carl_", "carlo", "dora"}},
	}
	for _, tt := range tests {
		for limit := range 7 {
			got := collect(t, limit, func(p Page) ([]User, string, error) { return s.Users(t.Context(), tt.filter, p) })
			var names []string
			for _, u := range got {
				names = append(names, u.Name)
			}
			if !slices.Equal(names, tt.want) {
				t.Errorf("%+v by %d: %q, want %q", tt.filter, limit, names, tt.want)
			}
		}
	}
	if _, _, err := s.Users(t.Context(), UserFilter{}, Page{After: "!"}); !errors.Is(err, ErrCursor) {
		t.Errorf("foreign cursor: %v", err)
	}
}

// collect reads a list part by part.
func collect[T any](t *testing.T, limit int, read func(Page) ([]T, string, error)) (all []T) {
	t.Helper()
	p := Page{Limit: limit}
	for range 1000 {
		part, next, err := read(p)
		if err != nil {
			t.Fatal(err)
		}
		if limit > 0 && len(part) > limit {
			t.Errorf("a page of %d, want %d at most", len(part), limit)
		}
		all = append(all, part...)
		if next == "" {
			return all
		}
		p.After = next
	}
	t.Fatal("no end")
	return nil
}
