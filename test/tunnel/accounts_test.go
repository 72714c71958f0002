// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

// person has an account at a site, and is logged in through its API.
type person struct {
	site   *site
	name   string
	bearer string
}

const password = "a long enough passphrase 7"

// people makes an administrator, alice, and by her invite bob.
func (s *site) people(t testing.TB) (alice, bob *person) {
	t.Helper()
	c, err := control.Dial(t.Context(), s.data)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.CreateAdmin(t.Context(), control.NewAdmin{Name: "alice", Email: "alice@example.com", Password: password}); err != nil {
		t.Fatal(err)
	}
	invites, err := c.CreateInvites(t.Context(), control.InviteRequest{Count: 1, ExpiresAt: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	alice, bob = &person{site: s, name: "alice"}, &person{site: s, name: "bob"}
	bob.call(t, "POST", "/auth/register", map[string]any{
		"code": invites[0].Code, "name": "bob", "email": "bob@example.com", "password": password,
	}, nil)
	for _, p := range []*person{alice, bob} {
		var in struct{ Token string }
		p.call(t, "POST", "/auth/login", map[string]any{"login": p.name, "password": password}, &in)
		p.bearer = in.Token
	}
	return alice, bob
}

// call uses the API, and fails the test unless it succeeds.
func (p *person) call(t testing.TB, method, path string, question, answer any) {
	t.Helper()
	body, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, p.site.url().String()+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if p.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+p.bearer)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s, %v", method, path, resp.Status, b, err)
	}
	if answer != nil {
		if err := json.Unmarshal(b, answer); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, b)
		}
	}
}

// client runs a client of the person's in this process until the test ends,
// however it ends; the result tells how.
func (p *person) client(t testing.TB, c tunnel.Config) (*tunnel.Client, <-chan error) {
	t.Helper()
	var made struct{ Token string }
	p.call(t, "POST", "/tokens/client", map[string]any{"client": c.ClientID, "name": "test"}, &made)
	c.Server, c.Token = p.site.url(), made.Token
	cl := tunnel.New(c)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	ended := make(chan struct{})
	go func() { done <- cl.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	select {
	case <-cl.Ready():
	case <-time.After(20 * time.Second):
		t.Fatalf("%s of %s has not signed in", c.ClientID, p.name)
	}
	return cl, done
}

// grant shares a service of p's with another account.
func (p *person) grant(t testing.TB, with *person, client, service string) (withdraw func()) {
	t.Helper()
	var g struct{ ID int64 }
	p.call(t, "POST", "/grants", map[string]any{"grantee": with.name, "client": client, "service": service}, &g)
	return func() { t.Helper(); p.call(t, "DELETE", fmt.Sprintf("/grants/%d", g.ID), struct{}{}, nil) }
}

// cut checks that both ends of a connection are reset, or their processes
// gone, within the 2 s of rules S15.
func cut(t *testing.T, began time.Time, ends ...*net.TCPConn) {
	t.Helper()
	for _, c := range ends {
		_ = c.SetReadDeadline(began.Add(2 * time.Second))
		if n, err := c.Read(make([]byte, 1)); n > 0 || !isReset(err) {
			t.Errorf("%d bytes, %v after %v", n, err, time.Since(began))
		}
	}
}

// TestSharedServices: a service is another account's to use while a grant says
// so, and what a grant, a token or an account has allowed ends with it.
func TestSharedServices(t *testing.T) {
	s := startSite(t, "")
	alice, bob := s.people(t)
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	port := ln.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is
	service := func(id string) wire.Service {
		return wire.Service{ID: id, Protocol: wire.ServiceTCP, LocalHost: "127.0.0.1", LocalPort: port}
	}
	alice.client(t, tunnel.Config{ClientID: "nas", Services: []wire.Service{service("web"), service("ssh")}})
	laptop, ended := bob.client(t, tunnel.Config{ClientID: "laptop"})
	forward := func(cl *tunnel.Client, target string) (*tunnel.Forward, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return cl.Forward(ctx, tunnel.ForwardSpec{Target: target, Service: "web", Local: "127.0.0.1:0"})
	}
	for _, target := range []string{"nas", "alice/nas"} {
		if f, err := forward(laptop, target); err == nil {
			_ = f.Close()
			t.Fatalf("%s can be used without a grant", target)
		} else if !strings.Contains(err.Error(), "there is no client "+target) {
			t.Error(err)
		}
	}

	withdraw := alice.grant(t, bob, "nas", "web")
	list, err := laptop.List(t.Context())
	if err != nil || len(list) != 2 || list[0].ID != "alice/nas" || len(list[0].Services) != 1 || list[0].Services[0].LocalPort != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	f, err := forward(laptop, "alice/nas")
	if err != nil {
		t.Fatal(err)
	}
	app, srv := connect(t, f.Addr().String(), ln)
	began := time.Now()
	withdraw()
	cut(t, began, app, srv)
	if list, err := laptop.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	_ = f.Close()

	// Given again, it is there again, and ends with the visitor's account.
	alice.grant(t, bob, "nas", "web")
	if f, err = forward(laptop, "alice/nas"); err != nil {
		t.Fatal(err)
	}
	app, srv = connect(t, f.Addr().String(), ln)
	c, err := control.Dial(t.Context(), s.data)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	began = time.Now()
	if err := c.DisableUser(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	cut(t, began, srv)
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "the account is disabled") {
			t.Errorf("a disabled account's client ends with %v", err)
		}
	case <-time.After(time.Until(began.Add(2 * time.Second))):
		t.Error("a disabled account's client goes on")
	}
	_ = app.Close()
}

// TestLogin: a client enrols by a code that a person confirms, and then needs
// no setting; the token is the person's to revoke.
func TestLogin(t *testing.T) {
	s := startSite(t, "")
	alice, _ := s.people(t)
	dir := t.TempDir()
	env := append(os.Environ(), "CULVERT_HOME="+filepath.Join(dir, "culvert"), "HOME="+dir)
	run := func(args ...string) *process.Process {
		return process.Start(t, env, append([]string{programs(t).Client}, args...))
	}
	p := run("login", s.url().String(), "--client", "nas")
	p.Says(t, "confirm the code ", 20*time.Second)
	found := regexp.MustCompile(`confirm the code (\S+) for the client nas`).FindStringSubmatch(p.Stderr.String())
	if found == nil || !strings.Contains(p.Stderr.String(), s.url().String()+"/device#"+found[1]) {
		t.Fatal(p.Stderr)
	}
	var asks struct {
		Client string `json:"client_name"`
	}
	if alice.call(t, "POST", "/device/look", map[string]any{"user_code": found[1]}, &asks); asks.Client != "nas" {
		t.Errorf("%+v", asks)
	}
	alice.call(t, "POST", "/device/decide", map[string]any{"user_code": found[1], "allow": true}, nil)
	if code := p.Wait(t, 20*time.Second); code != 0 || !strings.Contains(p.Stdout.String(), "Logged in at") {
		t.Fatalf("%d: %s", code, p.Stderr)
	}
	list := run("list", "--json")
	var seen []wire.ClientInfo
	if code := list.Wait(t, 20*time.Second); code != 0 {
		t.Fatalf("%d: %s", code, list.Stderr)
	}
	if err := json.Unmarshal([]byte(list.Stdout.String()), &seen); err != nil || len(seen) != 1 || seen[0].ID != "nas" {
		t.Errorf("%s, %v", list.Stdout, err)
	}

	var tokens struct {
		Items []struct{ ID, Client string }
	}
	alice.call(t, "GET", "/tokens/client", nil, &tokens)
	if len(tokens.Items) != 1 || tokens.Items[0].Client != "nas" {
		t.Fatalf("%+v", tokens)
	}
	alice.call(t, "DELETE", "/tokens/client/"+tokens.Items[0].ID, nil, nil)
	if p := run("list"); p.Wait(t, 20*time.Second) != 3 {
		t.Errorf("with a revoked token: %s", p.Stderr)
	}

	p = run("login", s.url().String())
	p.Says(t, "confirm the code ", 20*time.Second)
	code := regexp.MustCompile(`the code (\S+) for`).FindStringSubmatch(p.Stderr.String())[1]
	alice.call(t, "POST", "/device/decide", map[string]any{"user_code": code, "allow": false}, nil)
	if p.Wait(t, 20*time.Second) != 3 || !strings.Contains(p.Stderr.String(), "declined") {
		t.Errorf("%s", p.Stderr)
	}
}

// TestBlockedAddress: a block cuts tunnels, and their clients end instead of
// knocking for ever.
func TestBlockedAddress(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has 127.0.0.2 without preparation")
	}
	s := startSite(t, "")
	alice, _ := s.people(t)
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	_, ended := alice.client(t, tunnel.Config{ClientID: "nas", Dial: d.DialContext})
	_, other := alice.client(t, tunnel.Config{ClientID: "laptop"})
	began := time.Now()
	alice.call(t, "POST", "/admin/blocks", map[string]any{"prefix": "127.0.0.2/32", "note": "test"}, nil)
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "blocked") || time.Since(began) > 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	case <-time.After(20 * time.Second):
		t.Error("the client goes on")
	}
	select {
	case err := <-other:
		t.Errorf("another address: %v", err)
	default:
	}
}
