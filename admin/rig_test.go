// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
)

const password = "Correct-Horse-7-Battery"

// rig is an API on real accounts in a real database, over a fake core.
type rig struct {
	t       testing.TB
	api     *API
	svc     *account.Service
	records *zone
	store   *store.Store
	core    *fakeCore
	log     *observer.ObservedLogs
	met     func(user int64) // called for each new one
	next    atomic.Uint32    // the next client's address: limits by address are no concern of most tests
}

// zone is DNS: TXT records by name.
type zone struct{ sync.Map }

// LookupTXT implements account.Resolver.
func (z *zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if v, ok := z.Load(name); ok {
		return []string{v.(string)}, nil
	}
	return nil, &net.DNSError{IsNotFound: true, Name: name}
}

// unhurried are accounts without limits of requests.
type unhurried struct{ *account.Service }

func (unhurried) AdmitSource(netip.Addr) error { return nil }
func (unhurried) AdmitUser(int64) error        { return nil }

func newRig(t testing.TB, origins ...string) *rig {
	t.Helper()
	return newRigIn(t, t.TempDir(), origins...)
}

func newRigIn(t testing.TB, dir string, origins ...string) *rig {
	t.Helper()
	if t, ok := t.(*testing.T); ok {
		t.Parallel() // they mostly wait for the disk
	}
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(dir, "culvert.db"))
	if err != nil {
		t.Fatal(err)
	}
	records := new(zone)
	seen, log := observer.New(zap.DebugLevel)
	logger := zap.New(seen)
	svc, err := account.New(ctx, account.Config{
		Store: db, Keys: auth.NewKeyFolder(filepath.Join(t.TempDir(), "keys")), Hasher: plainHasher{},
		Issuer: "culvert", Audience: "culvert", Logger: func() *zap.Logger { return logger },
		Resolver: records,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, records: records, svc: svc, store: db, core: newFakeCore(db), log: log}
	t.Cleanup(func() {
		svc.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	r.api, err = New(Config{
		Core: func() Core { return r.core }, Accounts: func() Accounts { return unhurried{svc} },
		Logger: func() *zap.Logger { return logger }, Origins: origins, Version: "v1.2.3",
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// somebody is an account in its several forms.
type somebody struct {
	store.User
	token string // of a log-in
}

// user makes an account and logs it in.
func (r *rig) user(name string, isAdmin bool) somebody {
	r.t.Helper()
	ctx := context.Background()
	from := account.From{}
	codes, err := r.svc.CreateInvites(ctx, account.System(), 1, "", time.Now().Add(time.Hour), from)
	if err != nil {
		r.t.Fatal(err)
	}
	u, err := r.svc.Register(ctx, account.Registration{
		Code: codes[0].Code, Name: name, Email: name + "@example.com", Password: password, AcceptTerms: true,
	}, from)
	if err != nil {
		r.t.Fatal(err)
	}
	if isAdmin {
		if u, err = r.svc.SetAdmin(ctx, account.System(), u.ID, true, from); err != nil {
			r.t.Fatal(err)
		}
	}
	if r.met != nil {
		r.met(u.ID)
	}
	return somebody{u, r.login(name)}
}

func (r *rig) login(name string) string {
	r.t.Helper()
	l, err := r.svc.LogIn(context.Background(), name, password, account.From{})
	if err != nil {
		r.t.Fatal(err)
	}
	return l.Token
}

// apiToken makes an API token of p.
func (r *rig) apiToken(p somebody, scope account.Scope, expires time.Time) (store.APIToken, string) {
	r.t.Helper()
	who, err := r.svc.Authenticate(context.Background(), p.token)
	if err != nil {
		r.t.Fatal(err)
	}
	t, text, err := r.svc.CreateAPIToken(context.Background(), who, "test", scope, expires, account.From{})
	if err != nil {
		r.t.Fatal(err)
	}
	return t, text
}

// call is a request in the making.
type call struct {
	method, path, body, token string
	header                    http.Header
	client                    Client
	chunked                   bool
}

type option func(*call)

func bearer(token string) option { return func(c *call) { c.token = token } }

func with(name, value string) option { return func(c *call) { c.header.Set(name, value) } }

func over(client Client) option { return func(c *call) { c.client = client } }

// reply is an answer that has been read.
type reply struct {
	*http.Response
	text string
}

// do sends a request to a path below /api/v1.
func (r *rig) do(method, path, body string, opts ...option) reply {
	r.t.Helper()
	return r.raw(method, prefix+path, body, opts...)
}

func (r *rig) raw(method, path, body string, opts ...option) reply {
	r.t.Helper()
	c := call{method: method, path: path, body: body, header: http.Header{}, client: Client{Secure: true, Addr: r.addr()}}
	for _, o := range opts {
		o(&c)
	}
	req := httptest.NewRequest(c.method, "https://culvert.example"+c.path, strings.NewReader(c.body))
	if c.chunked {
		req.ContentLength = -1
	}
	if c.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for name, v := range c.header {
		req.Header[name] = v
		if name == "Host" {
			req.Host = v[0]
		}
	}
	rec := httptest.NewRecorder()
	r.api.Serve(rec, req, c.client)
	return read(r.t, rec.Result())
}

func read(t testing.TB, resp *http.Response) reply {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp, string(text)}
}

// addr returns an address that nobody has had.
func (r *rig) addr() netip.Addr {
	n := r.next.Add(1)
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

// want checks an answer's status, and the code of one that is no success.
func (p reply) want(t testing.TB, status int, code string) reply {
	t.Helper()
	if p.StatusCode != status {
		t.Fatalf("status %d, want %d: %s", p.StatusCode, status, p.text)
	}
	if status < 400 {
		return p
	}
	var e Error
	p.into(t, &e)
	if e.Code != code || e.Message == "" {
		t.Fatalf("code %q, want %q: %s", e.Code, code, p.text)
	}
	return p
}

func (p reply) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(p.text), v); err != nil {
		t.Fatalf("%v: %s", err, p.text)
	}
}

// endpoint makes one of p's.
func (r *rig) endpoint(p somebody) string {
	r.t.Helper()
	var e struct{ ID string }
	r.do(post, "/endpoints", `{"name":"one"}`, bearer(p.token)).want(r.t, 201, "").into(r.t, &e)
	return e.ID
}

func unique(what string) string { return fmt.Sprint(what, counter.Add(1)) }

var counter atomic.Uint32

// plainHasher costs nothing: under the race detector bcrypt, even at its lowest
// cost, took most of the tests' time. What bcrypt does has tests of its own.
type plainHasher struct{}

func (plainHasher) Hash(password string) (string, error) {
	return hex.EncodeToString([]byte(password)), nil
}

func (plainHasher) Check(hash, password string) (bool, error) {
	return hash != "" && hash == hex.EncodeToString([]byte(password)), nil
}
