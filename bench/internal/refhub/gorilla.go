// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package refhub

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// gorillaHub is what most Go programs do: gorilla/websocket, two goroutines and
// a queue for each client, and a message prepared once.
type gorillaHub struct {
	upgrader websocket.Upgrader
	mu       sync.RWMutex // guards clients
	clients  map[chan *websocket.PreparedMessage]struct{}
}

// queueLength is the number of messages that may wait for one client.
const queueLength = 1024

func newGorilla() *gorillaHub {
	return &gorillaHub{
		upgrader: websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024, WriteBufferPool: &sync.Pool{}},
		clients:  map[chan *websocket.PreparedMessage]struct{}{},
	}
}

// ServeHTTP implements http.Handler.
func (h *gorillaHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ws, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	if r.URL.Path != "/pub" {
		queue := make(chan *websocket.PreparedMessage, queueLength)
		h.mu.Lock()
		h.clients[queue] = struct{}{}
		h.mu.Unlock()
		defer func() {
			h.mu.Lock()
			delete(h.clients, queue)
			h.mu.Unlock()
			close(queue)
		}()
		go write(ws, queue)
	}
	for {
		op, msg, err := ws.ReadMessage()
		if err != nil {
			return
		}
		p, err := websocket.NewPreparedMessage(op, msg)
		if err != nil {
			return
		}
		h.broadcast(p)
	}
}

func (h *gorillaHub) broadcast(p *websocket.PreparedMessage) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for queue := range h.clients {
		select {
		case queue <- p:
		default: // a slow client loses messages
		}
	}
}

func write(ws *websocket.Conn, queue chan *websocket.PreparedMessage) {
	for p := range queue {
		if ws.WritePreparedMessage(p) != nil {
			ws.Close() // ends the reader, which closes the queue
		}
	}
}
