// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package refhub

import (
	"net/http"
	"runtime"
	"sync"
	"syscall"

	"github.com/gorilla/websocket"
)

// batcher encodes each message once and appends it to one shared batch. As
// many writers as there are cores walk their shard of the clients and write
// the whole batch to each with one system call. What comes in during a walk
// makes the next batch, so batches grow exactly when the machine is behind,
// and an idle hub adds no delay.
type batcher struct {
	upgrader websocket.Upgrader
	direct   bool // raw system calls on the descriptor
	shards   []*shard
	mu       sync.Mutex // guards next
	next     int
}

type shard struct {
	mu      sync.Mutex // guards clients
	clients []*batchClient
	pmu     sync.Mutex // guards pending
	pending []byte
	wake    chan struct{}
}

func newBatcher(direct bool) *batcher {
	h := &batcher{direct: direct, upgrader: websocket.Upgrader{
		ReadBufferSize: 512, WriteBufferSize: 512, WriteBufferPool: &sync.Pool{},
	}}
	for range runtime.GOMAXPROCS(0) {
		s := &shard{wake: make(chan struct{}, 1)}
		h.shards = append(h.shards, s)
		go s.run()
	}
	return h
}

// ServeHTTP implements http.Handler.
func (h *batcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ws, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	if r.URL.Path != "/pub" {
		c, err := newBatchClient(ws, h.direct)
		if err != nil {
			return
		}
		s := h.add(c)
		defer s.remove(c)
	}
	for {
		op, msg, err := ws.ReadMessage()
		if err != nil {
			return
		}
		f := encode(byte(op), msg)
		for _, s := range h.shards {
			s.push(f)
		}
	}
}

func (h *batcher) add(c *batchClient) *shard {
	h.mu.Lock()
	s := h.shards[h.next%len(h.shards)]
	h.next++
	h.mu.Unlock()
	s.mu.Lock()
	s.clients = append(s.clients, c)
	s.mu.Unlock()
	return s
}

func (s *shard) remove(c *batchClient) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, x := range s.clients {
		if x == c {
			last := len(s.clients) - 1
			s.clients[i] = s.clients[last]
			s.clients[last] = nil
			s.clients = s.clients[:last]
			return
		}
	}
}

func (s *shard) push(f []byte) {
	s.pmu.Lock()
	s.pending = append(s.pending, f...)
	s.pmu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *shard) run() {
	var spare []byte
	for range s.wake {
		for {
			s.pmu.Lock()
			b := s.pending
			s.pending = spare[:0]
			s.pmu.Unlock()
			spare = b
			if len(b) == 0 {
				break
			}
			s.mu.Lock()
			for _, c := range s.clients {
				c.send(b)
			}
			s.mu.Unlock()
		}
	}
}

type batchClient struct {
	ws  *websocket.Conn
	raw syscall.RawConn
	fd  int // with raw system calls; else -1

	mu      sync.Mutex // guards the fields below
	backlog []byte     // bytes that the socket did not take
	blocked bool
	dead    bool
}

func newBatchClient(ws *websocket.Conn, direct bool) (*batchClient, error) {
	raw, err := ws.NetConn().(syscall.Conn).SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &batchClient{ws: ws, raw: raw, fd: -1}
	if direct { // safe: the client leaves its shard before the descriptor closes
		err = raw.Control(func(fd uintptr) { c.fd = int(fd) })
	}
	return c, err
}

const maxBacklog = 4 << 20

// send writes without blocking; what the socket refuses is copied to the
// client's backlog, and a goroutine that lives only as long as the backlog
// waits for the socket.
func (c *batchClient) send(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return
	}
	if c.blocked {
		if len(c.backlog)+len(b) > maxBacklog {
			c.dead = true
			c.ws.Close()
			return
		}
		c.backlog = append(c.backlog, b...)
		return
	}
	n := 0
	if c.fd >= 0 {
		n = rawWrite(c.fd, b)
	} else if c.raw.Control(func(fd uintptr) { n = tryWrite(int(fd), b) }) != nil {
		n = -1
	}
	if n < 0 {
		c.dead = true
		return
	}
	if n < len(b) {
		c.backlog = append(c.backlog[:0], b[n:]...)
		c.blocked = true
		go c.drain()
	}
}

func (c *batchClient) drain() {
	for {
		c.mu.Lock()
		b := c.backlog
		c.backlog = nil
		c.blocked = len(b) > 0
		c.mu.Unlock()
		if len(b) == 0 {
			return
		}
		if _, err := c.ws.NetConn().Write(b); err != nil {
			c.mu.Lock()
			c.dead = true
			c.mu.Unlock()
			return
		}
	}
}
