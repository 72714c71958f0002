// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/crypto/bcrypt"

	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/store"
)

const goodPassword = "grey-otter-7"

// home and away are two places that people ask from.
var (
	home = From{Addr: netip.MustParseAddr("192.0.2.1"), Agent: "test"}
	away = From{Addr: netip.MustParseAddr("198.51.100.7"), Agent: "test"}
)

// rig is a service on a database of its own.
type rig struct {
	*Service
	t      testing.TB
	path   string // of the database
	db     *store.Store
	faults *faults
	keys   KeyStore
	hasher *countingHasher
	logs   *observer.ObservedLogs

	mu      sync.Mutex // guards the field below
	changes []Change
}

func newRig(t testing.TB) *rig {
	t.Helper()
	dir := t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(dir, "culvert.db"))
	if err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zapcore.DebugLevel)
	r := &rig{
		t: t, path: filepath.Join(dir, "culvert.db"), db: db, faults: &faults{Store: db}, keys: auth.NewKeyFolder(dir), logs: logs,
		hasher: &countingHasher{Hasher: auth.NewBcrypt(bcrypt.MinCost)},
	}
	logger := zap.New(core)
	r.Service, err = New(t.Context(), Config{
		Store: r.faults, Keys: r.keys, Hasher: r.hasher, Issuer: "https://example.org", Audience: "culvert",
		Logger: func() *zap.Logger { return logger }, Changed: r.note,
	})
	if err != nil {
		t.Fatal(err)
	}
	// Not t.Cleanup: that comes after the bubble of synctest has ended.
	return r
}

func (r *rig) close() {
	r.Close()
	if err := r.db.Close(); err != nil {
		r.t.Error(err)
	}
}

func (r *rig) note(c Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, c)
}

// told returns the kinds of the changes of a user since the last call.
func (r *rig) told(user int64) []ChangeKind {
	r.mu.Lock()
	defer r.mu.Unlock()
	var kinds []ChangeKind
	for _, c := range r.changes {
		if c.UserID == user {
			kinds = append(kinds, c.Kind)
		}
	}
	r.changes = nil
	return kinds
}

// admin makes an administrator and logs them in.
func (r *rig) admin(name string) Principal {
	r.t.Helper()
	_, err := r.CreateAdmin(r.t.Context(), System(), name, name+"@example.org", goodPassword, From{})
	r.must(err)
	p, _ := r.in(name)
	return p
}

// user makes an ordinary user and logs them in.
func (r *rig) user(name string) Principal {
	r.t.Helper()
	_, err := r.Register(r.t.Context(), Registration{
		Code: r.invite(), Name: name, Email: name + "@example.org", Password: goodPassword,
	}, home)
	r.must(err)
	p, _ := r.in(name)
	return p
}

func (r *rig) invite() string {
	r.t.Helper()
	list, err := r.CreateInvites(r.t.Context(), System(), 1, "", time.Now().Add(time.Hour), From{})
	r.must(err)
	return list[0].Code
}

// in logs someone in from home and returns them with their token.
func (r *rig) in(name string) (Principal, string) {
	r.t.Helper()
	l, err := r.LogIn(r.t.Context(), name, goodPassword, home)
	r.must(err)
	p, err := r.Authenticate(r.t.Context(), l.Token)
	r.must(err)
	return p, l.Token
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// wants fails the test unless err has the code; "" is none.
func (r *rig) wants(what string, err error, code Code) {
	r.t.Helper()
	var e *Error
	switch {
	case code == "" && err == nil:
	case !errors.As(err, &e):
		r.t.Errorf("%s: error %v, want code %q", what, err, code)
	case e.Code != code:
		r.t.Errorf("%s: code %q (%v), want %q", what, e.Code, err, code)
	}
}

// audited returns the audit log, the oldest first.
func (r *rig) audited() []store.AuditEntry {
	r.t.Helper()
	var all []store.AuditEntry
	page := store.Page{Limit: 200}
	for {
		list, next, err := r.Audit(r.t.Context(), System(), store.AuditFilter{}, page)
		r.must(err)
		all = append(all, list...)
		if page.After = next; next == "" {
			slices.Reverse(all)
			return all
		}
	}
}

// countingHasher counts what costs time.
type countingHasher struct {
	auth.Hasher
	hashed, checked atomic.Int64
}

func (h *countingHasher) Hash(password string) (string, error) {
	h.hashed.Add(1)
	return h.Hasher.Hash(password)
}

func (h *countingHasher) Check(hash, password string) (bool, error) {
	h.checked.Add(1)
	return h.Hasher.Check(hash, password)
}

// faults is a store that can be away.
type faults struct {
	Store
	away     atomic.Bool
	touched  atomic.Int64
	loginsOf atomic.Int64 // calls
}

var errAway = errors.Join(errors.New("no route"), store.ErrUnavailable)

func (f *faults) User(ctx context.Context, id int64) (store.User, error) {
	if f.away.Load() {
		return store.User{}, errAway
	}
	return f.Store.User(ctx, id)
}

func (f *faults) Login(ctx context.Context, jti string) (store.Login, error) {
	if f.away.Load() {
		return store.Login{}, errAway
	}
	return f.Store.Login(ctx, jti)
}

func (f *faults) Logins(ctx context.Context, user int64) ([]store.Login, error) {
	f.loginsOf.Add(1)
	if f.away.Load() {
		return nil, errAway
	}
	return f.Store.Logins(ctx, user)
}

func (f *faults) UserByLogin(ctx context.Context, nameOrEmail string) (store.User, error) {
	if f.away.Load() {
		return store.User{}, errAway
	}
	return f.Store.UserByLogin(ctx, nameOrEmail)
}

func (f *faults) AppendAudit(ctx context.Context, e store.AuditEntry) error {
	if f.away.Load() {
		return errAway
	}
	return f.Store.AppendAudit(ctx, e)
}

func (f *faults) SetSetting(ctx context.Context, key string, value json.RawMessage, version int64) (int64, error) {
	if f.away.Load() {
		return 0, errAway
	}
	return f.Store.SetSetting(ctx, key, value, version)
}

func (f *faults) TouchLogins(ctx context.Context, seen map[string]time.Time) error {
	f.touched.Add(int64(len(seen)))
	return f.Store.TouchLogins(ctx, seen)
}
