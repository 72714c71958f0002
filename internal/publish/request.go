// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// kept is how many requests of a name are remembered, of as many names as
	// maxSites: some 30 MB if all are in use.
	kept     = 100
	maxSites = 1000
	maxPath  = 200
)

// requests are those of all names that go on, and the latest that have ended.
// They are in memory only.
type requests struct {
	mu    sync.Mutex // guards the fields below
	last  uint64
	open  map[*Request]struct{}
	sites *simplelru.LRU[Key, *site]
}

// site is what is remembered of a name.
type site struct {
	ring  [kept]*Request
	total uint64
	open  int
}

// Request is one to a published website, until End and for a while longer.
type Request struct {
	list   *requests
	key    Key
	id     uint64
	began  time.Time
	method string
	path   string
	addr   netip.Addr
	user   int64
	name   string // the user's

	status atomic.Int64
	sent   atomic.Uint64

	// The list's mu guards the fields below.
	cancel context.CancelFunc // nil when it is over
	took   time.Duration
	over   bool
}

func (l *requests) init() {
	sites, err := simplelru.NewLRU[Key, *site](maxSites, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	l.open, l.sites = make(map[*Request]struct{}), sites
}

// begin remembers a request. What cancels it ends it.
func (l *requests) begin(k Key, r *http.Request, addr netip.Addr, user int64, name string) (*Request, *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	path := r.URL.Path
	if len(path) > maxPath {
		path = strings.ToValidUTF8(path[:maxPath], "")
	}
	q := &Request{
		list: l, key: k, began: time.Now(), method: strings.Clone(r.Method), path: strings.Clone(path),
		addr: addr, user: user, name: name, cancel: cancel,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	q.id = l.last
	l.open[q] = struct{}{}
	s := l.siteLocked(k)
	s.ring[s.total%kept] = q
	s.total++
	s.open++
	return q, r.WithContext(ctx)
}

func (l *requests) siteLocked(k Key) *site {
	s, ok := l.sites.Get(k)
	if !ok {
		s = new(site)
		l.sites.Add(k, s)
	}
	return s
}

// Answer notes the status of the answer, the first that is final.
func (q *Request) Answer(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		q.status.CompareAndSwap(0, int64(status))
	}
}

// Sent notes bytes of the answer's body.
func (q *Request) Sent(n int64) {
	if n > 0 {
		q.sent.Add(uint64(n))
	}
}

// End is called once, when the request is over.
func (q *Request) End() {
	q.list.mu.Lock()
	defer q.list.mu.Unlock()
	q.cancel()
	q.cancel = nil // which holds all of the request, and q is kept
	delete(q.list.open, q)
	q.over, q.took = true, time.Since(q.began)
	if s, ok := q.list.sites.Peek(q.key); ok && s.open > 0 {
		s.open--
	}
}

// cut ends the requests for which f is true: their visitors are cut off.
func (l *requests) cut(f func(*Request) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for q := range l.open {
		if f(q) {
			q.cancel()
		}
	}
}

// RequestInfo is what is known of a request.
type RequestInfo struct {
	ID           uint64
	Began        time.Time
	Method, Path string
	Status       int // 0: not answered
	Open         bool
	Took         time.Duration // so far
	Sent         uint64
	Addr         netip.Addr
	User         string // who is logged in
}

// Requests returns the latest of a name, newest first.
func (g *Gate) Requests(k Key) []RequestInfo {
	l := &g.requests
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := l.sites.Peek(k)
	if !ok {
		return nil
	}
	var list []RequestInfo
	for i := range min(s.total, kept) {
		list = append(list, s.ring[(s.total-1-i)%kept].infoLocked())
	}
	return list
}

func (q *Request) infoLocked() RequestInfo {
	info := RequestInfo{
		ID: q.id, Began: q.began, Method: q.method, Path: q.path, Status: int(q.status.Load()),
		Open: !q.over, Took: q.took, Sent: q.sent.Load(), Addr: q.addr, User: q.name,
	}
	if info.Open {
		info.Took = time.Since(q.began)
	}
	return info
}

// Counts returns how many requests of a name are open, and how many there were.
func (g *Gate) Counts(k Key) (open int, total uint64) {
	g.requests.mu.Lock()
	defer g.requests.mu.Unlock()
	if s, ok := g.requests.sites.Peek(k); ok {
		return s.open, s.total
	}
	return 0, 0
}
