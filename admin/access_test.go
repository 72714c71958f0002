// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

// askers are who asks, in the order of the columns below. The owner has what
// is asked for, and the API tokens read and manage are the owner's. aread and
// amanage are an administrator's. The last three had accounts once.
var askers = []string{"nobody", "owner", "other", "admin", "read", "manage", "aread", "amanage", "disabled", "expired", "revoked"}

// expected is who may do what, by hand: not one line of it comes from the
// program. A route that is not in it fails the test.
//
// In paths and bodies, words in angle brackets stand for something of the
// owner's that is made for each request.
var expected = []struct {
	route, path, body string
	//     nobo own  oth  adm  read man  ared aman dis  exp  rev
	want string
}{
	{"GET /site", "", "", "200 200 200 200 200 200 200 200 200 200 200"},
	{"GET /auth/terms", "", "", "200 200 200 200 200 200 200 200 200 200 200"},
	{"POST /auth/register", "", `{"code":"<invite>","name":"<name>","email":"<name>@example.com","password":"<password>","accept_terms":true}`, "201 201 201 201 201 201 201 201 201 201 201"},
	{"POST /auth/setup", "", `{"code":"XXXXXXXXXX","name":"<name>","email":"<name>@example.com","password":"<password>"}`, "422 422 422 422 422 422 422 422 422 422 422"},
	{"POST /auth/login", "", `{"login":"<login>","password":"<password>"}`, "200 200 200 200 200 200 200 200 200 200 200"},
	{"POST /auth/reset", "", `{"code":"<reset>","password":"<password>2"}`, "204 204 204 204 204 204 204 204 204 204 204"},

	{"GET /auth/me", "", "", "401 200 200 200 200 200 200 200 401 401 401"},
	{"POST /auth/logout", "", "", "401 204 204 204 403 403 403 403 401 401 401"},
	{"POST /auth/logout-everywhere", "", `{}`, "401 204 204 204 403 403 403 403 401 401 401"},
	{"GET /auth/sessions", "", "", "401 200 200 200 403 403 403 403 401 401 401"},
	{"DELETE /auth/sessions/{id}", "/auth/sessions/<session>", "", "401 204 404 404 403 403 403 403 401 401 401"},
	{"POST /auth/password", "", `{"old":"<password>","new":"<password>2"}`, "401 200 200 200 403 403 403 403 401 401 401"},
	{"POST /auth/delete", "", `{"password":"<password>"}`, "401 204 204 204 403 403 403 403 401 401 401"},

	{"GET /tokens/api", "", "", "401 200 200 200 403 403 403 403 401 401 401"},
	{"POST /tokens/api", "", `{"name":"x","scope":"read"}`, "401 201 201 201 403 403 403 403 401 401 401"},
	{"DELETE /tokens/api/{id}", "/tokens/api/<api-token>", "", "401 204 404 404 403 403 403 403 401 401 401"},
	{"GET /tokens/client", "", "", "401 200 200 200 200 200 200 200 401 401 401"},
	{"POST /tokens/client", "", `{"name":"x","client":"nas"}`, "401 201 201 201 403 201 403 201 401 401 401"},
	{"DELETE /tokens/client/{id}", "/tokens/client/<client-token>", "", "401 204 404 404 403 204 403 404 401 401 401"},

	{"POST /device/code", "", `{"client_name":"nas"}`, "200 200 200 200 200 200 200 200 200 200 200"},
	{"POST /device/token", "", `{"device_code":"<device-code>"}`, "400 400 400 400 400 400 400 400 400 400 400"},
	{"POST /device/look", "", `{"user_code":"<user-code>"}`, "401 200 200 200 403 403 403 403 401 401 401"},
	{"POST /device/decide", "", `{"user_code":"<user-code>","allow":true}`, "401 204 204 204 403 403 403 403 401 401 401"},

	{"GET /endpoints", "", "", "401 200 200 200 200 200 200 200 401 401 401"},
	{"POST /endpoints", "", `{}`, "401 201 201 201 403 201 403 201 401 401 401"},
	{"GET /endpoints/{id}", "/endpoints/<endpoint>", "", "401 200 404 404 200 200 404 404 401 401 401"},
	{"PATCH /endpoints/{id}", "/endpoints/<endpoint>", `{"name":"x"}`, "401 200 404 404 403 200 403 404 401 401 401"},
	{"DELETE /endpoints/{id}", "/endpoints/<endpoint>", "", "401 204 404 404 403 204 403 404 401 401 401"},
	{"POST /endpoints/{id}/rotate", "/endpoints/<endpoint>/rotate", "", "401 200 404 404 403 200 403 404 401 401 401"},
	{"POST /endpoints/{id}/key", "/endpoints/<endpoint>/key", "", "401 200 404 404 403 200 403 404 401 401 401"},
	{"DELETE /endpoints/{id}/key", "/endpoints/<endpoint>/key", "", "401 200 404 404 403 200 403 404 401 401 401"},
	{"POST /endpoints/{id}/tickets", "/endpoints/<private>/tickets", "", "401 200 404 404 403 200 403 404 401 401 401"},
	{"GET /endpoints/{id}/connections", "/endpoints/<endpoint>/connections", "", "401 200 404 404 200 200 404 404 401 401 401"},
	{"DELETE /endpoints/{id}/connections/{connection}", "/endpoints/<endpoint>/connections/7", "", "401 204 404 404 403 204 403 404 401 401 401"},
	{"GET /endpoints/{id}/log", "/endpoints/<endpoint>/log", "", "401 200 404 404 200 200 404 404 401 401 401"},
	{"GET /endpoints/{id}/history", "/endpoints/<endpoint>/history", "", "401 200 404 404 200 200 404 404 401 401 401"},

	{"GET /clients", "", "", "401 200 200 200 200 200 200 200 401 401 401"},
	{"GET /clients/{name}", "/clients/<client>", "", "401 200 404 404 200 200 404 404 401 401 401"},
	{"POST /clients/{name}/kick", "/clients/<client>/kick", "", "401 204 404 404 403 204 403 404 401 401 401"},
	{"GET /clients/{name}/streams", "/clients/<client>/streams", "", "401 200 404 404 200 200 404 404 401 401 401"},
	{"DELETE /clients/{name}/key", "/clients/<client>/key", "", "401 204 404 404 403 204 403 404 401 401 401"},
	{"DELETE /clients/{name}", "/clients/<client>", "", "401 204 404 404 403 204 403 404 401 401 401"},
	// The history of a service that one does not have is empty.
	{"GET /clients/{name}/services/{service}/history", "/clients/<client>/services/web/history", "", "401 200 200 200 200 200 200 200 401 401 401"},
	{"GET /services", "", "", "401 200 200 200 200 200 200 200 401 401 401"},
	{"GET /sessions", "", "", "401 200 200 200 200 200 200 200 401 401 401"},
	{"DELETE /sessions/{id}", "/sessions/<tunnel-session>", "", "401 204 404 404 403 204 403 404 401 401 401"},
	{"GET /session-log", "", "", "401 200 200 200 200 200 200 200 401 401 401"},

	{"GET /grants", "", "", "401 200 200 200 200 200 200 200 401 401 401"},
	{"POST /grants", "", `{"grantee":"<grantee>","client":"nas","service":"web"}`, "401 201 201 201 403 201 403 201 401 401 401"},
	{"DELETE /grants/{id}", "/grants/<grant>", "", "401 204 404 404 403 204 403 404 401 401 401"},

	{"GET /published", "", "", "401 200 200 200 200 200 200 200 401 401 401"},
	{"PUT /published/{name}/access", "/published/www.example.org/access", `{"mode":"open","deny":["192.0.2.1"]}`, "401 204 204 204 403 204 403 204 401 401 401"},
	{"GET /published/{name}/requests", "/published/<public>/requests", "", "401 200 404 404 200 200 404 404 401 401 401"},
	{"GET /domains", "", "", "401 200 200 200 200 200 200 200 401 401 401"},
	{"GET /domains/proof", "", "", "401 200 200 200 200 200 200 200 401 401 401"},
	// There is no record.
	{"POST /domains", "", `{"name":"<new-domain>"}`, "401 422 422 422 403 422 403 422 401 401 401"},
	{"DELETE /domains/{name}", "/domains/<domain>", "", "401 204 404 404 403 204 403 404 401 401 401"},
	{"POST /visits", "", `{"host":"<public>.example.com","state":"x","to":"/"}`, "401 200 200 200 403 403 403 403 401 401 401"},

	{"GET /history", "", "", "401 200 200 200 200 200 200 200 401 401 401"},
	{"GET /usage", "", "", "401 200 200 200 200 200 200 200 401 401 401"},
	{"GET /events", "", "", "401 200 200 200 200 200 200 200 401 401 401"},

	{"GET /admin/invites", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"POST /admin/invites", "", `{"count":2}`, "401 403 403 201 403 403 403 201 401 401 401"},
	{"DELETE /admin/invites/{id}", "/admin/invites/<invite-id>", "", "401 403 403 204 403 403 403 204 401 401 401"},

	{"GET /admin/users", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"GET /admin/users/{id}", "/admin/users/<user>", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"PATCH /admin/users/{id}", "/admin/users/<user>", `{"disabled":true}`, "401 403 403 200 403 403 403 403 401 401 401"},
	{"DELETE /admin/users/{id}", "/admin/users/<user>", "", "401 403 403 204 403 403 403 403 401 401 401"},
	{"POST /admin/users/{id}/reset", "/admin/users/<user>/reset", "", "401 403 403 200 403 403 403 403 401 401 401"},
	{"GET /admin/users/{id}/history", "/admin/users/<user>/history", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"GET /admin/users/{id}/usage", "/admin/users/<user>/usage", "", "401 403 403 200 403 403 200 200 401 401 401"},

	{"GET /admin/endpoints", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"GET /admin/endpoints/{id}", "/admin/endpoints/<endpoint>", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"PATCH /admin/endpoints/{id}", "/admin/endpoints/<endpoint>", `{"name":"x"}`, "401 403 403 200 403 403 403 200 401 401 401"},
	{"DELETE /admin/endpoints/{id}", "/admin/endpoints/<endpoint>", "", "401 403 403 204 403 403 403 204 401 401 401"},
	{"POST /admin/endpoints/{id}/rotate", "/admin/endpoints/<endpoint>/rotate", "", "401 403 403 200 403 403 403 200 401 401 401"},
	{"POST /admin/endpoints/{id}/key", "/admin/endpoints/<endpoint>/key", "", "401 403 403 200 403 403 403 200 401 401 401"},
	{"DELETE /admin/endpoints/{id}/key", "/admin/endpoints/<endpoint>/key", "", "401 403 403 200 403 403 403 200 401 401 401"},
	{"POST /admin/endpoints/{id}/tickets", "/admin/endpoints/<private>/tickets", "", "401 403 403 200 403 403 403 200 401 401 401"},
	{"GET /admin/endpoints/{id}/connections", "/admin/endpoints/<endpoint>/connections", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"DELETE /admin/endpoints/{id}/connections/{connection}", "/admin/endpoints/<endpoint>/connections/7", "", "401 403 403 204 403 403 403 204 401 401 401"},
	{"GET /admin/endpoints/{id}/log", "/admin/endpoints/<endpoint>/log", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"GET /admin/endpoints/{id}/history", "/admin/endpoints/<endpoint>/history", "", "401 403 403 200 403 403 200 200 401 401 401"},

	{"GET /admin/clients", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"GET /admin/clients/{owner}/{name}", "/admin/clients/<owner>/<client>", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"POST /admin/clients/{owner}/{name}/kick", "/admin/clients/<owner>/<client>/kick", "", "401 403 403 204 403 403 403 204 401 401 401"},
	{"GET /admin/clients/{owner}/{name}/streams", "/admin/clients/<owner>/<client>/streams", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"DELETE /admin/clients/{owner}/{name}/key", "/admin/clients/<owner>/<client>/key", "", "401 403 403 204 403 403 403 204 401 401 401"},
	{"DELETE /admin/clients/{owner}/{name}", "/admin/clients/<owner>/<client>", "", "401 403 403 204 403 403 403 204 401 401 401"},
	{"GET /admin/sessions", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"DELETE /admin/sessions/{id}", "/admin/sessions/<tunnel-session>", "", "401 403 403 204 403 403 403 204 401 401 401"},
	{"GET /admin/session-log", "", "", "401 403 403 200 403 403 200 200 401 401 401"},

	{"GET /admin/published", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"PUT /admin/published/{owner}/{name}/access", "/admin/published/<owner>/www.example.org/access", `{"mode":"open","deny":["192.0.2.1"]}`, "401 403 403 204 403 403 403 204 401 401 401"},
	{"GET /admin/published/{owner}/{name}/requests", "/admin/published/<owner>/<public>/requests", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"GET /admin/domains", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"POST /admin/domains", "", `{"name":"<new-domain>","owner":"<login>"}`, "401 403 403 201 403 403 403 201 401 401 401"},
	{"DELETE /admin/domains/{name}", "/admin/domains/<domain>", "", "401 403 403 204 403 403 403 204 401 401 401"},

	{"GET /admin/load", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"GET /admin/events", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"GET /admin/settings", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"GET /admin/settings/{key}", "/admin/settings/terms", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"PUT /admin/settings/{key}", "/admin/settings/terms", `{"value":"Be kind."}`, "401 403 403 200 403 403 403 200 401 401 401"},
	{"GET /admin/blocks", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"POST /admin/blocks", "", `{"prefix":"<address>"}`, "401 403 403 201 403 403 403 201 401 401 401"},
	{"DELETE /admin/blocks/{id}", "/admin/blocks/<block>", "", "401 403 403 204 403 403 403 204 401 401 401"},
	{"GET /admin/audit", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
	{"GET /admin/audit/export", "", "", "401 403 403 200 403 403 200 200 401 401 401"},
}

// consuming are the routes after which an asker is not who it was.
var consuming = map[string]bool{
	"POST /auth/logout": true, "POST /auth/logout-everywhere": true, "POST /auth/password": true,
	"POST /auth/delete": true, "POST /auth/login": true, "POST /auth/reset": true,
}

func TestAccess(t *testing.T) {
	r := newRig(t)
	close(r.core.feed) // event streams end at once
	checkAccess(t, r, func(_, want string) string { return want })
}

// live are the routes to what only real clients make: over a gateway without
// any, whoever may use them finds nothing.
var live = regexp.MustCompile(`/clients/\{name\}(/kick|/streams|/key)?$|/clients/\{owner\}|/connections/|/requests$|/visits$|/sessions/\{id\}$`)

// The same on a real gateway.
func TestAccessToGateway(t *testing.T) {
	dir := t.TempDir()
	core := gateway.New(dir)
	if err := core.Push(context.Background(), &gateway.Generation{Logger: zap.NewNop()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := core.Close(gateway.Removed); err != nil {
			t.Error(err)
		}
	})
	r := newRigIn(t, dir)
	// The gateway's own accounts hash for real, which takes too long for so
	// many people; they hear of each all the same.
	r.met = func(id int64) {
		limits := store.UserLimits{Endpoints: -1}
		if _, err := core.Accounts().SetLimits(context.Background(), account.System(), id, limits, account.From{}); err != nil {
			t.Fatal(err)
		}
	}
	r.api.cfg.Core = func() Core { return endingFeed{core.API()} }
	checkAccess(t, r, func(route, want string) string {
		if want[0] == '2' && live.MatchString(route) && !strings.Contains(route, "/auth/") {
			return "404"
		}
		return want
	})
}

// endingFeed is a gateway whose event streams end at once.
type endingFeed struct{ *gateway.API }

func (f endingFeed) Subscribe(scope int64, after string) (<-chan inventory.Change, func()) {
	_, stop := f.API.Subscribe(scope, after)
	ended := make(chan inventory.Change)
	close(ended)
	return ended, stop
}

func checkAccess(t *testing.T, r *rig, adapt func(route, want string) string) {
	t.Helper()
	inDocument := make(map[string]bool)
	for path, item := range r.api.OpenAPI().Paths {
		for _, op := range operationsOf(item) {
			inDocument[op.Method+" "+path] = true
		}
	}
	r.user("root", true) // there always is one more administrator
	var w *world
	spent := true
	for n, row := range expected {
		// Now and then a new one anyway: accounts have limits.
		spent = spent || n%4 == 0
		if !inDocument[row.route] {
			t.Errorf("%s is not in the document", row.route)
			continue
		}
		delete(inDocument, row.route)
		want := strings.Fields(row.want)
		if len(want) != len(askers) {
			t.Fatalf("%s has %d expectations", row.route, len(want))
		}
		method, path, _ := strings.Cut(row.route, " ")
		if row.path != "" {
			path = row.path
		}
		for i, asker := range askers {
			if spent {
				w = r.world()
			}
			p, b := w.fill(path), w.fill(row.body)
			got := r.do(method, p, b, bearer(w.tokens[asker]))
			if want := adapt(row.route, want[i]); strconv.Itoa(got.StatusCode) != want {
				t.Errorf("%s as %s: %d, want %s: %s", row.route, asker, got.StatusCode, want, got.text)
			}
			checkShape(t, got)
			// What was refused has changed nothing.
			spent = consuming[row.route] && got.StatusCode < 400
		}
	}
	for route := range inDocument {
		t.Errorf("%s has no expectations: who may use it?", route)
	}
}

// checkShape checks what all answers have in common.
func checkShape(t testing.TB, got reply) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
	} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s is %q", name, v)
		}
	}
	if got.StatusCode < 400 {
		return
	}
	var e struct{ Code, Message string }
	got.into(t, &e)
	if e.Code == "" || e.Message == "" {
		t.Errorf("not the shape of errors: %s", got.text)
	}
	if (got.StatusCode == http.StatusUnauthorized) != (got.Header.Get("WWW-Authenticate") != "") {
		t.Errorf("WWW-Authenticate is %q at %d", got.Header.Get("WWW-Authenticate"), got.StatusCode)
	}
}

// world is an owner, and everyone who might want what the owner has.
type world struct {
	r      *rig
	owner  somebody
	tokens map[string]string // by asker
	made   int               // requests, where that counts
}

func (r *rig) world() *world {
	ctx := context.Background()
	w := &world{r: r, owner: r.user(unique("owner"), false)}
	root := r.user(unique("admin"), true)
	disabled, revoked := r.user(unique("disabled"), false), r.user(unique("revoked"), false)
	if _, err := r.svc.SetDisabled(ctx, account.System(), disabled.ID, true, account.From{}); err != nil {
		r.t.Fatal(err)
	}
	r.do(post, "/auth/logout", "", bearer(revoked.token)).want(r.t, 204, "")
	_, readToken := r.apiToken(w.owner, account.ScopeRead, time.Time{})
	_, manage := r.apiToken(w.owner, account.ScopeManage, time.Time{})
	_, aread := r.apiToken(root, account.ScopeRead, time.Time{})
	_, amanage := r.apiToken(root, account.ScopeManage, time.Time{})
	w.tokens = map[string]string{
		"owner": w.owner.token, "other": r.user(unique("other"), false).token, "admin": root.token,
		"read": readToken, "manage": manage, "aread": aread, "amanage": amanage,
		"disabled": disabled.token, "expired": r.expiredToken(w.owner), "revoked": revoked.token,
	}
	return w
}

func (r *rig) expiredToken(p somebody) string {
	text := auth.NewSecret(account.APITokenPrefix)
	err := r.store.CreateAPIToken(context.Background(), store.APIToken{
		ID: auth.NewID(), UserID: p.ID, Hash: auth.HashSecret(text), Name: "old", Scope: "manage",
		CreatedAt: time.Now().Add(-time.Hour), ExpiresAt: time.Now().Add(-time.Minute),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return text
}

// fill makes what text asks for.
func (w *world) fill(text string) string {
	for strings.Contains(text, "<") {
		before, rest, _ := strings.Cut(text, "<")
		what, after, _ := strings.Cut(rest, ">")
		v := w.make(what)
		// The same word twice is the same thing.
		text = before + v + strings.ReplaceAll(after, "<"+what+">", v)
	}
	return text
}

func (w *world) make(what string) string {
	r, ctx, from := w.r, context.Background(), account.From{}
	who, err := r.svc.Authenticate(ctx, w.owner.token)
	if err != nil && what != "login" {
		r.t.Fatal(what, err)
	}
	check := func(err error) {
		if err != nil {
			r.t.Helper()
			r.t.Fatal(what, err)
		}
	}
	switch what {
	case "name":
		return unique("name")
	case "password":
		return password
	case "login":
		return w.owner.Name
	case "owner":
		return fmt.Sprint(w.owner.ID)
	case "grantee":
		return r.user(unique("grantee"), false).Name
	case "user":
		return fmt.Sprint(r.user(unique("user"), false).ID)
	case "reset":
		code, _, err := r.svc.ResetLink(ctx, account.System(), w.owner.ID, from)
		check(err)
		return code
	case "invite", "invite-id":
		list, err := r.svc.CreateInvites(ctx, account.System(), 1, "", time.Now().Add(time.Hour), from)
		check(err)
		if what == "invite" {
			return list[0].Code
		}
		return fmt.Sprint(list[0].ID)
	case "session":
		other := r.login(w.owner.Name)
		p, err := r.svc.Authenticate(ctx, other)
		check(err)
		return p.JTI
	case "api-token":
		t, _, err := r.svc.CreateAPIToken(ctx, who, "x", account.ScopeRead, time.Time{}, from)
		check(err)
		return t.ID
	case "client-token", "client":
		t, _, err := r.svc.CreateClientToken(ctx, who, w.owner.ID, "", "x", from)
		check(err)
		if what == "client-token" {
			return t.ID
		}
		name := unique("nas")
		r.core.mu.Lock()
		defer r.core.mu.Unlock()
		r.core.clients[fmt.Sprint(w.owner.ID, "/", name)] = inventory.Client{
			Name: name, OwnerID: w.owner.ID, TokenID: t.ID, Status: "offline", Services: []inventory.ClientService{},
		}
		return name
	case "device-code", "user-code":
		d, err := r.svc.DeviceStart(ctx, "nas", account.From{Addr: r.addr()})
		check(err)
		if what == "device-code" {
			return d.DeviceCode
		}
		return d.UserCode
	case "private":
		id := w.make("endpoint")
		_, _, err := r.api.cfg.Core().NewEndpointKey(ctx, inventory.All, id)
		check(err)
		return id
	case "endpoint":
		e, err := r.api.cfg.Core().CreateEndpoint(ctx, w.owner.ID, "mine", inventory.EndpointSettings{})
		check(err)
		r.core.mu.Lock()
		defer r.core.mu.Unlock()
		r.core.conns[e.ID+"/7"] = true
		return e.ID
	case "public":
		name := unique("web")
		r.core.mu.Lock()
		defer r.core.mu.Unlock()
		r.core.published = append(r.core.published, inventory.Publication{Name: name, OwnerID: w.owner.ID})
		return name
	case "new-domain":
		return unique("www") + ".example.org"
	case "domain":
		d, err := r.svc.AssignDomain(ctx, account.System(), w.owner.Name, unique("own")+".example.org", from)
		check(err)
		return d.Name
	case "tunnel-session":
		id := unique("session")
		r.core.mu.Lock()
		defer r.core.mu.Unlock()
		r.core.sessions[id] = w.owner.ID
		return id
	case "grant":
		g, err := r.svc.Give(ctx, who, r.user(unique("grantee"), false).Name, "nas", "web", from)
		check(err)
		return fmt.Sprint(g.ID)
	case "address":
		n := counter.Add(1)
		return fmt.Sprintf("198.51.%d.%d/32", n>>8&255, n&255)
	case "block":
		b, err := r.svc.Block(ctx, account.System(), netip.MustParsePrefix(w.make("address")), "", time.Time{}, from)
		check(err)
		return fmt.Sprint(b.ID)
	}
	r.t.Fatalf("no such thing: %s", what)
	return ""
}
