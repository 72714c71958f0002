// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/control"
)

// TestAccountCommands goes from an empty folder to people and back, with and
// without a gateway that runs.
func TestAccountCommands(t *testing.T) {
	p := newPlace(t)
	secret := filepath.Join(p.dir, "password")
	if err := os.WriteFile(secret, []byte(honestPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	users := func() (names []string) {
		t.Helper()
		var list []control.User
		if err := json.Unmarshal([]byte(p.mustRun(t, "user", "list", "--json")), &list); err != nil {
			t.Fatal(err)
		}
		for _, u := range list {
			names = append(names, u.Name)
		}
		return names
	}
	p.mustRun(t, "endpoint", "create", "--name", "early")

	// The first start leaves a link, because it has no terminal.
	g := p.start(t)
	file := filepath.Join(p.dir, "culvert-data", "first-admin")
	link, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(link), p.site()+"/setup#") {
		t.Errorf("%q, %v", link, err)
	}
	_, code, _ := strings.Cut(strings.TrimSpace(string(link)), "#")
	if out := p.mustRun(t, "admin", "link"); !strings.HasPrefix(out, p.site()+"/setup#") || out == string(link) {
		t.Errorf("admin link printed %q", out)
	}
	p.mustRun(t, "admin", "create", "alice", "--email", "alice@example.com", "--password-file", secret)
	if out := p.mustRun(t, "endpoint", "list"); !strings.Contains(out, "alice") {
		t.Errorf("the endpoint of before is not hers:\n%s", out)
	}
	p.mustRun(t, "admin", "create", "bob", "--email", "bob@example.com", "--password-file", secret)
	p.mustRun(t, "user", "disable", "bob")
	if out := p.mustRun(t, "user", "list", "--search", "BOB@"); strings.Count(out, "\n") != 2 || !strings.Contains(out, "disabled") {
		t.Errorf("users:\n%s", out)
	}
	invites := p.mustRun(t, "invite", "create", "--count", "3", "--note", "spring", "--expires", "never")
	if strings.Count(invites, p.site()+"/register#") != 3 || strings.Count(invites, "\n") != 3 {
		t.Errorf("invites:\n%s", invites)
	}
	reset := p.mustRun(t, "user", "reset-password", "alice")
	if !strings.HasPrefix(reset, p.site()+"/reset#") {
		t.Errorf("reset-password printed %q", reset)
	}
	for _, link := range []string{string(link), strings.Fields(invites)[0], reset} {
		if resp, page := read(t, strings.TrimSpace(link)); resp.StatusCode != http.StatusOK || !strings.Contains(page, "<title>Culvert") {
			t.Errorf("%s leads to %s: %s", link, resp.Status, page)
		}
	}
	p.mustRun(t, "backup", "copy.db")
	g.stop(t)
	log := g.stderr.String()
	if !strings.Contains(log, file) {
		t.Errorf("the log does not say where the link is:\n%s", log)
	}
	for _, word := range []string{code, honestPassword, strings.TrimSpace(strings.SplitAfter(invites, "#")[1])} {
		if word == "" || strings.Contains(log, word) {
			t.Errorf("%q is in the log:\n%s", word, log)
		}
	}
	accountsOffline(t, p, users)

	// The copy is of before.
	if err := os.Rename(filepath.Join(p.dir, "copy.db"), filepath.Join(p.dir, "culvert-data", "culvert.db")); err != nil {
		t.Fatal(err)
	}
	if names := strings.Join(users(), " "); names != "alice bob" {
		t.Errorf("users of the backup: %s", names)
	}
	g = p.start(t)
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("with an administrator there is a link: %v", err)
	}
	g.stop(t)
}

// accountsOffline is what works while no gateway runs too.
func accountsOffline(t *testing.T, p *place, users func() []string) {
	if out := p.mustRun(t, "invite", "list"); strings.Count(out, "unused") != 3 || !strings.Contains(out, "spring") || !strings.Contains(out, "never") {
		t.Errorf("invites:\n%s", out)
	}
	p.mustRun(t, "invite", "revoke", "2")
	var list []control.Invite
	if err := json.Unmarshal([]byte(p.mustRun(t, "invite", "list", "--state", "revoked", "--json")), &list); err != nil || len(list) != 1 || list[0].ID != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	p.mustRun(t, "user", "enable", "bob")
	p.mustRun(t, "endpoint", "create", "--user", "bob")
	p.mustRun(t, "client", "token", "create", "--user", "bob@example.com")
	if out := p.mustRun(t, "client", "token", "list"); !strings.Contains(out, "bob") {
		t.Errorf("tokens:\n%s", out)
	}
	p.mustRun(t, "user", "delete", "bob")
	if names := strings.Join(users(), " "); names != "alice" {
		t.Errorf("users: %s", names)
	}
	for _, args := range [][]string{
		{"admin", "link"}, // there is an administrator
		{"admin", "create", "carol"},
		{"admin", "create", "carol", "--email", "c@example.com", "--password-file", "none"},
		{"user", "disable", "alice"}, // the last one
		{"user", "delete", "bob"},
		{"invite", "create", "--count", "0"},
		{"invite", "create", "--expires", "soon"},
		{"invite", "revoke", "99"},
		{"invite", "revoke", "x"},
		{"client", "token", "create", "--user", "bob"},
		{"backup", "copy.db"}, // it is there
		{"migrate"},
		{"migrate", "--to", "postgres://culvert:secret@127.0.0.1:1/culvert"},
	} {
		out, errOut, code := p.run(t, args...)
		if code == 0 || out != "" || !strings.HasPrefix(errOut, "Error: ") || strings.Contains(errOut, "secret") {
			t.Errorf("culvert %v: exit code %d, %q, %q", args, code, out, errOut)
		}
	}
}
