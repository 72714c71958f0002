// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
)

// The limits of an account for which neither it nor the administrators' setting
// has others. Connections and bytes have none.
const (
	defaultEndpoints = 5
	defaultClients   = 20
)

// ledger knows, without asking the database, whose each endpoint is, what
// accounts may and what they have used: the data planes ask it.
type ledger struct {
	mu        sync.RWMutex // guards the fields below; innermost, but for hub.Group's
	holders   map[int64]*holder
	endpoints map[hub.ID]int64
	owned     map[int64]map[hub.ID]struct{}
	defaults  store.UserLimits
	month     string
	warnings  uint64 // events of quotas, for metrics
	exceeded  uint64
}

// holder is an account. That of the operator has no limits.
type holder struct {
	id       int64
	name     string
	limits   store.UserLimits // its own
	disabled bool
	group    *hub.Group // of its endpoints
	used     uint64     // bytes this month
	warned   bool       // at 80 %
	spent    bool
}

func newLedger() *ledger {
	l := &ledger{
		holders:   make(map[int64]*holder),
		endpoints: make(map[hub.ID]int64),
		owned:     make(map[int64]map[hub.ID]struct{}),
		month:     monthOf(time.Now()),
	}
	l.holders[inventory.Operator] = &holder{
		limits: store.UserLimits{Endpoints: -1, Clients: -1, Connections: -1, MonthlyBytes: -1}, group: new(hub.Group),
	}
	return l
}

// monthOf names a month as the store does.
func monthOf(t time.Time) string { return t.UTC().Format("2006-01") }

// load reads everything once, at the start.
func (l *ledger) load(ctx context.Context, st *store.Store) error {
	if err := l.loadDefaults(ctx, st); err != nil {
		return err
	}
	for page := (store.Page{Limit: 200}); ; {
		users, next, err := st.Users(ctx, store.UserFilter{}, page)
		if err != nil {
			return err
		}
		for _, u := range users {
			l.put(u)
		}
		if page.After = next; next == "" {
			break
		}
	}
	used, err := st.Usage(ctx, l.month)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, n := range used {
		if h := l.holders[id]; h != nil {
			h.used = n
			l.judgeLocked(h) // who was told before a restart is not told again
		}
	}
	l.warnings, l.exceeded = 0, 0
	return nil
}

// loadDefaults reads what administrators have set for all.
func (l *ledger) loadDefaults(ctx context.Context, st *store.Store) error {
	text, _, err := st.Setting(ctx, account.SettingLimits)
	if errors.Is(err, store.ErrNotFound) {
		text, err = []byte("{}"), nil
	}
	if err != nil {
		return err
	}
	var defaults store.UserLimits
	if err := json.Unmarshal(text, &defaults); err != nil {
		return fmt.Errorf("reading the setting %s: %w", account.SettingLimits, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.defaults = defaults
	for _, h := range l.holders {
		h.group.SetLimit(l.connectionsLocked(h))
	}
	return nil
}

// put takes what the store has of an account.
func (l *ledger) put(u store.User) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.holders[u.ID]
	if h == nil {
		h = &holder{id: u.ID, group: new(hub.Group)}
		l.holders[u.ID] = h
	}
	h.name, h.limits, h.disabled = u.Name, u.Limits, !u.DisabledAt.IsZero()
	h.group.SetLimit(l.connectionsLocked(h))
}

// disable keeps an account's endpoints from being used.
func (l *ledger) disable(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.holders[id]; h != nil {
		h.disabled = true
	}
}

// forget drops an account.
func (l *ledger) forget(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.holders, id)
}

// own notes whose an endpoint is.
func (l *ledger) own(id hub.ID, user int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.disownLocked(id)
	l.endpoints[id] = user
	if l.owned[user] == nil {
		l.owned[user] = make(map[hub.ID]struct{})
	}
	l.owned[user][id] = struct{}{}
}

func (l *ledger) disown(id hub.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.disownLocked(id)
}

func (l *ledger) disownLocked(id hub.ID) {
	if user, known := l.endpoints[id]; known {
		delete(l.endpoints, id)
		if delete(l.owned[user], id); len(l.owned[user]) == 0 {
			delete(l.owned, user)
		}
	}
}

// of returns the endpoints of an account.
func (l *ledger) of(user int64) []hub.ID {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Collect(maps.Keys(l.owned[user]))
}

func (l *ledger) ownerOf(id hub.ID) (int64, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	user, known := l.endpoints[id]
	return user, known
}

// name returns an account's name; empty for the operator and who is unknown.
func (l *ledger) name(user int64) string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if h := l.holders[user]; h != nil {
		return h.name
	}
	return ""
}

// group returns the group of an account's endpoints, and whether they may be
// used: not those of one that is disabled, or unknown.
func (l *ledger) group(user int64) (*hub.Group, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	h := l.holders[user]
	if h == nil || h.disabled {
		return nil, false
	}
	return h.group, true
}

// effective is the first limit that says something: one's own, the
// administrators', the built-in one; 0 is no limit.
func effective[T int | int64](limits ...T) T {
	for _, n := range limits {
		if n != 0 {
			return max(n, 0)
		}
	}
	return 0
}

func (l *ledger) connectionsLocked(h *holder) int {
	return effective(h.limits.Connections, l.defaults.Connections)
}

func (l *ledger) quotaLocked(h *holder) int64 {
	return effective(h.limits.MonthlyBytes, l.defaults.MonthlyBytes)
}

// endpointLimit returns how many endpoints an account may have; 0 is no limit.
func (l *ledger) endpointLimit(user int64) int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if h := l.holders[user]; h != nil {
		return effective(h.limits.Endpoints, l.defaults.Endpoints, defaultEndpoints)
	}
	return 0
}

func (l *ledger) clientsLocked(h *holder) int {
	return effective(h.limits.Clients, l.defaults.Clients, defaultClients)
}

// tunnelLimits is signaling's hook.
func (l *ledger) tunnelLimits(user int64) signaling.AccountLimits {
	l.mu.RLock()
	defer l.mu.RUnlock()
	out := signaling.AccountLimits{Clients: -1}
	if h := l.holders[user]; h != nil {
		if n := l.clientsLocked(h); n > 0 {
			out.Clients = n
		}
	}
	return out
}
