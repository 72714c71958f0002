// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package refhub

import (
	"net/http"
	"sync"

	"github.com/lxzan/gws"
)

// gwsHub is the library gws as its documentation shows it: a goroutine that
// reads for each client, and its broadcaster, which encodes once.
type gwsHub struct {
	gws.BuiltinEventHandler

	upgrader *gws.Upgrader
	mu       sync.RWMutex // guards clients
	clients  map[*gws.Conn]struct{}
}

const publisherKey = "pub"

func newGWS() *gwsHub {
	h := &gwsHub{clients: map[*gws.Conn]struct{}{}}
	h.upgrader = gws.NewUpgrader(h, &gws.ServerOption{
		ReadBufferSize: 1024, WriteBufferSize: 1024,
		Authorize: func(r *http.Request, s gws.SessionStorage) bool {
			if r.URL.Path == "/pub" {
				s.Store(publisherKey, true)
			}
			return true
		},
	})
	return h
}

// ServeHTTP implements http.Handler.
func (h *gwsHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c, err := h.upgrader.Upgrade(w, r); err == nil {
		go c.ReadLoop()
	}
}

// OnOpen implements gws.Event.
func (h *gwsHub) OnOpen(c *gws.Conn) {
	if _, pub := c.Session().Load(publisherKey); pub {
		return
	}
	h.mu.Lock()
	h.clients[c] = struct{}{}
	h.mu.Unlock()
}

// OnClose implements gws.Event.
func (h *gwsHub) OnClose(c *gws.Conn, _ error) {
	h.mu.Lock()
	delete(h.clients, c)
	h.mu.Unlock()
}

// OnMessage implements gws.Event.
func (h *gwsHub) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close()
	b := gws.NewBroadcaster(m.Opcode, append([]byte(nil), m.Bytes()...))
	defer b.Close()
	h.mu.RLock()
	defer h.mu.RUnlock()
	for c := range h.clients {
		_ = b.Broadcast(c) // a client that has gone is OnClose's affair
	}
}
