// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// KeyPrefix makes keys easy to find where they should not be.
	KeyPrefix = "cvk_"
	// keyProtocol is what a key begins with as a subprotocol, the only way in
	// which a page can send one.
	keyProtocol = "culvert.key."
	// ticketParam is where a ticket stands in the query.
	ticketParam = "ticket"
	// ticketLife is how long a ticket is good: it travels in a URL, which
	// proxies may log.
	ticketLife = 30 * time.Second
	// maxTickets bounds those of one endpoint that wait; the oldest goes first.
	maxTickets = 256
)

// NewKey returns the text of a new key for a private endpoint.
func NewKey() string { return KeyPrefix + newSecret() }

// HashKey is what is kept of a key. A plain hash does: its 256 random bits
// cannot be found by trying, as a password's could.
func HashKey(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// ticket is the leave to connect once, without the key.
type ticket struct {
	hash  [sha256.Size]byte
	until time.Time
}

// Ticket returns a new ticket of an endpoint, good for one connection until it
// expires; false if the endpoint is unknown.
func (h *Hub) Ticket(id ID) (text string, expires time.Time, ok bool) {
	ep := h.find(id)
	if ep == nil {
		return "", time.Time{}, false
	}
	text, now := newSecret(), time.Now()
	ep.mu.Lock()
	defer ep.mu.Unlock()
	ep.tickets = slices.DeleteFunc(ep.tickets, func(t ticket) bool { return now.After(t.until) })
	if n := len(ep.tickets) - maxTickets + 1; n > 0 {
		ep.tickets = slices.Delete(ep.tickets, 0, n)
	}
	expires = now.Add(ticketLife)
	ep.tickets = append(ep.tickets, ticket{HashKey(text), expires})
	return text, expires, true
}

// redeem takes a ticket, and reports whether it was good.
func (ep *endpoint) redeem(hash [sha256.Size]byte) bool {
	now := time.Now()
	ep.mu.Lock()
	defer ep.mu.Unlock()
	i := slices.IndexFunc(ep.tickets, func(t ticket) bool { return same(t.hash, hash) })
	if i < 0 {
		return false
	}
	good := now.Before(ep.tickets[i].until)
	ep.tickets = slices.Delete(ep.tickets, i, i+1)
	return good
}

// opens reports whether the request may use ep, which is nil for an unknown
// one. Then it does the work that a wrong key costs, so that the time of an
// answer tells as little as the answer.
func (ep *endpoint) opens(r *http.Request) bool {
	var want [sha256.Size]byte
	if ep != nil {
		want = ep.limits.Load().own.KeyHash
	}
	public := ep != nil && want == [sha256.Size]byte{}
	if public {
		return true
	}
	key, bearer := HashKey(protocolKey(r)), HashKey(bearerKey(r))
	open := same(key, want) || same(bearer, want)
	pass := HashKey(ticketOf(r))
	if ep == nil || open {
		return open
	}
	return ep.redeem(pass)
}

func same(a, b [sha256.Size]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

// protocolKey is the key that the request offers as a subprotocol; only the
// first counts, so that one request is one try.
func protocolKey(r *http.Request) string {
	for _, p := range websocket.Subprotocols(r) {
		if key, ok := strings.CutPrefix(p, keyProtocol); ok {
			return key
		}
	}
	return ""
}

func bearerKey(r *http.Request) string {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(text)
}

func ticketOf(r *http.Request) string {
	if r.URL == nil || r.URL.RawQuery == "" {
		return ""
	}
	return r.URL.Query().Get(ticketParam)
}

// Secret reports whether the request holds a key or a ticket where a log of
// requests would show it: not in Authorization, which every such log hides.
func Secret(r *http.Request) bool { return protocolKey(r) != "" || ticketOf(r) != "" }

// subprotocol is what the answer to an upgrade names. A browser that offers
// subprotocols fails if none is chosen. The relay has no opinion, so it is the
// client's first; a key goes back only to a client that offers nothing else.
func subprotocol(r *http.Request) []string {
	offered := websocket.Subprotocols(r)
	for i, p := range offered {
		if !strings.HasPrefix(p, keyProtocol) {
			return offered[i : i+1]
		}
	}
	return offered[:min(1, len(offered))]
}

// blocked reports whether nothing is to be had from addr.
func (h *Hub) blocked(addr netip.Addr) bool {
	f := h.settings().Blocked
	return f != nil && f(addr)
}
