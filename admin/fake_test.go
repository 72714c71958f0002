// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/auth"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

// fakeCore is a gateway without connections. What it keeps it owns by account,
// as the real one does.
type fakeCore struct {
	*store.Store // for remembered answers

	mu        sync.Mutex
	next      int
	endpoints map[string]inventory.Endpoint
	clients   map[string]inventory.Client // by owner/name
	sessions  map[string]int64            // their owners
	published []inventory.Publication
	conns     map[string]bool // by endpoint/connection
	blocked   netip.Prefix
	live      inventory.Live
	feed      chan inventory.Change
	after     []string // what subscribers have asked for
	broken    error    // what Load returns
}

func newFakeCore(s *store.Store) *fakeCore {
	return &fakeCore{
		Store: s, endpoints: make(map[string]inventory.Endpoint), clients: make(map[string]inventory.Client),
		sessions: make(map[string]int64), conns: make(map[string]bool), feed: make(chan inventory.Change, 64),
	}
}

var errNone = &account.Error{Code: account.CodeNotFound, Message: "There is no such thing."}

func within(scope, owner int64) bool { return scope == inventory.All || scope == owner }

func (c *fakeCore) find(scope int64, id string) (inventory.Endpoint, error) {
	e, ok := c.endpoints[id]
	if !ok || !within(scope, e.OwnerID) {
		return inventory.Endpoint{}, errNone
	}
	return e, nil
}

func (c *fakeCore) CreateEndpoint(_ context.Context, owner int64, name string, s inventory.EndpointSettings) (inventory.Endpoint, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	if s.Origins == nil {
		s.Origins = []string{}
	}
	e := inventory.Endpoint{
		ID: fmt.Sprintf("endpoint-%013d", c.next), Name: name, OwnerID: owner, CreatedAt: time.Now(), Version: 1, Settings: s,
	}
	c.endpoints[e.ID] = e
	return e, nil
}

func (c *fakeCore) Endpoints(_ context.Context, scope int64, search string, p store.Page) ([]inventory.Endpoint, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.Contains(p.After, "!") {
		return nil, "", store.ErrCursor
	}
	var list []inventory.Endpoint
	for _, id := range slices.Sorted(maps.Keys(c.endpoints)) {
		if e := c.endpoints[id]; id > p.After && within(scope, e.OwnerID) && strings.Contains(e.Name, search) {
			list = append(list, e)
		}
	}
	if len(list) > p.Limit {
		list = list[:p.Limit]
		return list, list[p.Limit-1].ID, nil
	}
	return list, "", nil
}

func (c *fakeCore) Endpoint(_ context.Context, scope int64, id string) (inventory.Endpoint, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.find(scope, id)
}

// change replaces an endpoint that still has the version.
func (c *fakeCore) change(scope int64, id string, version int64, f func(*inventory.Endpoint)) (inventory.Endpoint, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, err := c.find(scope, id)
	if err != nil {
		return e, err
	}
	if version != 0 && version != e.Version {
		return e, store.ErrConflict
	}
	delete(c.endpoints, id)
	f(&e)
	e.Version++
	c.endpoints[e.ID] = e
	return e, nil
}

func (c *fakeCore) UpdateEndpoint(_ context.Context, scope int64, id string, version int64, ch inventory.EndpointChanges) (inventory.Endpoint, error) {
	return c.change(scope, id, version, func(e *inventory.Endpoint) { e.Name, e.Settings = ch.Apply(e.Name, e.Settings) })
}

func (c *fakeCore) DeleteEndpoint(_ context.Context, scope int64, id string, version int64) error {
	_, err := c.change(scope, id, version, func(e *inventory.Endpoint) { e.OwnerID, e.ID = -2, "gone" })
	return err
}

func (c *fakeCore) RotateEndpoint(_ context.Context, scope int64, id string) (inventory.Endpoint, error) {
	return c.change(scope, id, 0, func(e *inventory.Endpoint) { e.ID += "-new" })
}

func (c *fakeCore) NewEndpointKey(_ context.Context, scope int64, id string) (string, inventory.Endpoint, error) {
	e, err := c.change(scope, id, 0, func(e *inventory.Endpoint) { e.Private = true })
	return "cvk_" + auth.NewCode(), e, err
}

func (c *fakeCore) DropEndpointKey(_ context.Context, scope int64, id string) (inventory.Endpoint, error) {
	return c.change(scope, id, 0, func(e *inventory.Endpoint) { e.Private = false })
}

func (c *fakeCore) EndpointTicket(_ context.Context, scope int64, id string) (string, time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.find(scope, id)
	return "ticket", time.Now().Add(30 * time.Second), err
}

func (c *fakeCore) Connections(_ context.Context, scope int64, id string, _ store.Page) ([]inventory.Connection, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.find(scope, id)
	return nil, "", err
}

func (c *fakeCore) Kick(_ context.Context, scope int64, id string, conn uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.find(scope, id); err != nil {
		return err
	}
	if !c.conns[id+"/"+strconv.FormatUint(conn, 10)] {
		return errNone
	}
	return nil
}

func (c *fakeCore) ConnectionLog(_ context.Context, scope int64, id string, _ store.Page) ([]inventory.ConnectionEvent, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.find(scope, id)
	return nil, "", err
}

func (c *fakeCore) Clients(_ context.Context, scope int64, _ string, _ store.Page) (list []inventory.Client, next string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.clients {
		if within(scope, v.OwnerID) {
			list = append(list, v)
		}
	}
	return list, "", nil
}

func (c *fakeCore) Client(_ context.Context, owner int64, name string) (inventory.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.clients[fmt.Sprint(owner, "/", name)]
	if !ok {
		return v, errNone
	}
	return v, nil
}

func (c *fakeCore) KickClient(ctx context.Context, owner int64, name string) error {
	_, err := c.Client(ctx, owner, name)
	return err
}

func (c *fakeCore) ForgetClientKey(ctx context.Context, owner int64, name string) (string, error) {
	_, err := c.Client(ctx, owner, name)
	return "SHA256:was", err
}

func (c *fakeCore) Streams(ctx context.Context, owner int64, name string) (inventory.Streams, error) {
	_, err := c.Client(ctx, owner, name)
	return inventory.Streams{Items: []inventory.Stream{}}, err
}

func (c *fakeCore) Published(_ context.Context, scope int64, search string, _ store.Page) ([]inventory.Publication, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.published), func(p inventory.Publication) bool {
		return !within(scope, p.OwnerID) || !strings.Contains(p.Name, search)
	}), "", nil
}

func (c *fakeCore) PublicRequests(_ context.Context, owner int64, name string) ([]inventory.PublicRequest, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.published {
		if p.OwnerID == owner && p.Name == name {
			return []inventory.PublicRequest{{ID: 1, Method: "GET", Path: "/"}}, nil
		}
	}
	return nil, errNone
}

func (c *fakeCore) Visit(_ context.Context, p account.Principal, host, state, to string) (account.Visit, error) {
	return account.Visit{URL: "https://" + host + "/" + state + to + p.User.Name}, nil
}

func (c *fakeCore) Services(context.Context, int64) ([]inventory.Service, error) { return nil, nil }

func (c *fakeCore) Sessions(context.Context, int64, store.Page) ([]inventory.Session, string, error) {
	return nil, "", nil
}

func (c *fakeCore) EndSession(_ context.Context, scope int64, id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	owner, ok := c.sessions[id]
	if !ok || !within(scope, owner) {
		return errNone
	}
	return nil
}

func (c *fakeCore) SessionLog(context.Context, int64, store.Page) ([]inventory.PastSession, string, error) {
	return nil, "", nil
}

func (c *fakeCore) History(_ context.Context, scope int64, q inventory.HistoryQuery) ([]inventory.Point, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch q.Kind {
	case "endpoint":
		_, err := c.find(scope, q.Subject)
		return nil, err
	default:
		if !within(scope, q.Of) {
			return nil, errNone
		}
		return nil, nil
	}
}

func (c *fakeCore) Usage(context.Context, int64) (inventory.Usage, error) {
	return inventory.Usage{}, nil
}

func (c *fakeCore) Load(context.Context) (inventory.Load, error) { return inventory.Load{}, c.broken }

func (c *fakeCore) Live(int64) inventory.Live {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live
}

func (c *fakeCore) Subscribe(_ int64, after string) (<-chan inventory.Change, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = append(c.after, after)
	return c.feed, func() {}
}

func (c *fakeCore) Site() inventory.Site {
	return inventory.Site{URL: "https://culvert.example", WebSocketURL: "wss://culvert.example", Relay: "culvert.example:9001"}
}

func (c *fakeCore) Blocked(addr netip.Addr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.blocked.IsValid() && c.blocked.Contains(addr)
}

// panicking fails badly at one thing.
type panicking struct{ *fakeCore }

func (panicking) Services(context.Context, int64) ([]inventory.Service, error) { panic("broken") }

var errBroken = errors.New("disk on fire; password hunter2-hunter2")

// Interface guards
var (
	_ Core     = (*fakeCore)(nil)
	_ Accounts = (*account.Service)(nil)
)
