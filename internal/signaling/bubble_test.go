// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"bufio"
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/wire"
)

// memory is a Store.
type memory struct {
	mu       sync.Mutex
	tokens   []Token
	clients  map[clientKey]Client
	used     map[string]time.Time
	sessions []SessionRecord
	err      error
}

func (m *memory) Tokens(context.Context) ([]Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.tokens), nil
}

func (m *memory) Clients(context.Context) ([]Client, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.clients)), nil
}

func (m *memory) Write(_ context.Context, b Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	for _, c := range b.Clients {
		m.clients[clientKey{c.Account.ID, c.Name}] = c
	}
	maps.Copy(m.used, b.Used)
	m.sessions = append(m.sessions, b.Sessions...)
	return nil
}

// log returns the sessions that have ended.
func (m *memory) log() []SessionRecord {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sessions)
}

// The texts of tokens in these tests are their ids.
func tokenOf(id, client string) Token { return Token{ID: id, Hash: HashToken(id), Client: client} }

// bed is a server in a bubble with tokens t1 and t2 for any name, and bound for
// the name bound.
type bed struct {
	*Server
	t     *testing.T
	store *memory
	from  netip.Addr // of the next client
	lines uint64     // counter of channels
}

func newBed(t *testing.T, cfg Config) *bed {
	t.Helper()
	st := &memory{
		tokens:  []Token{tokenOf("t1", ""), tokenOf("t2", ""), tokenOf("bound", "bound")},
		clients: map[clientKey]Client{}, used: map[string]time.Time{},
	}
	return reopen(t, cfg, st)
}

func reopen(t *testing.T, cfg Config, st *memory) *bed {
	t.Helper()
	s, err := New(t.Context(), cfg, st, zap.NewNop)
	if err != nil {
		t.Fatal(err)
	}
	return &bed{Server: s, t: t, store: st, from: netip.MustParseAddr("192.0.2.1")}
}

func (b *bed) close() {
	b.t.Helper()
	// Clients of a test do not all answer.
	_ = b.Close(context.Background(), Closing{Code: wire.CloseRestart, Reason: "restarting"})
	if err := b.Relay().Close(context.Background()); err != nil {
		b.t.Error(err)
	}
}

func bubble(t *testing.T, cfg Config, f func(t *testing.T, b *bed)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, cfg)
		defer b.close()
		f(t, b)
	})
}

// peer is a client at the other end of a pipe. What comes is read at once.
type peer struct {
	t    *testing.T
	ws   *websocket.Conn
	in   chan wire.Message
	end  chan *websocket.CloseError
	name string
	key  wire.Key
	got  wire.RegisterResponse
}

// dial upgrades; a refusal is its response.
func (b *bed) dial(token string) (*peer, *http.Response) {
	b.t.Helper()
	ws, resp := b.connect(token)
	if ws == nil {
		return nil, resp
	}
	p := &peer{t: b.t, ws: ws, in: make(chan wire.Message, 10_000), end: make(chan *websocket.CloseError, 1)}
	go p.read()
	return p, resp
}

func (b *bed) connect(token string) (*websocket.Conn, *http.Response) {
	ours, theirs := net.Pipe()
	go b.serve(theirs)
	d := websocket.Dialer{
		ReadBufferSize: 1024, WriteBufferSize: 1024,
		NetDialContext: func(context.Context, string, string) (net.Conn, error) { return ours, nil },
	}
	ws, resp, err := d.DialContext(b.t.Context(), "ws://gateway.example:8080/tunnel", http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		_ = ours.Close()
		return nil, resp
	}
	return ws, resp
}

// serve answers one request as net/http would.
func (b *bed) serve(nc net.Conn) {
	br := bufio.NewReader(nc)
	r, err := http.ReadRequest(br)
	if err != nil {
		return
	}
	w := &hijackable{ResponseRecorder: httptest.NewRecorder(), nc: nc, brw: bufio.NewReadWriter(br, bufio.NewWriter(nc))}
	b.Serve(w, r, b.from)
	if !w.hijacked {
		_ = w.Result().Write(nc)
		_ = nc.Close()
	}
}

type hijackable struct {
	*httptest.ResponseRecorder
	nc       net.Conn
	brw      *bufio.ReadWriter
	hijacked bool
}

func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h.hijacked = true
	return h.nc, h.brw, nil
}

func (p *peer) read() {
	defer close(p.in)
	for {
		_, b, err := p.ws.ReadMessage()
		if err != nil {
			if ce, ok := errors.AsType[*websocket.CloseError](err); ok {
				p.end <- ce
			}
			_ = p.ws.Close()
			close(p.end)
			return
		}
		m, err := wire.Decode(b)
		if err != nil {
			p.t.Errorf("the server sent %q: %v", b, err)
		}
		p.in <- m
	}
}

func (p *peer) send(typ wire.Type, id string, payload any) {
	p.t.Helper()
	b, err := wire.Encode(typ, id, payload)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(websocket.TextMessage, b)
}

func (p *peer) write(kind int, b []byte) {
	p.t.Helper()
	if err := p.ws.WriteMessage(kind, b); err != nil {
		p.t.Fatal(err)
	}
}

// hear returns the next message, which is of the type typ.
func hear[T any](p *peer, typ wire.Type) (T, wire.Message) {
	p.t.Helper()
	var v T
	select {
	case m, ok := <-p.in:
		if !ok || m.Type != typ {
			p.t.Fatalf("%s: got %s %s (%t), want %s", p.name, m.Type, m.Payload, ok, typ)
		}
		if err := m.Unmarshal(&v); err != nil {
			p.t.Fatal(err)
		}
		return v, m
	case <-time.After(5 * time.Minute):
		p.t.Fatalf("%s: no %s came", p.name, typ)
		return v, wire.Message{}
	}
}

// closed waits for the end and checks its code.
func (p *peer) closed(code int) string {
	p.t.Helper()
	select {
	case ce := <-p.end:
		if ce == nil || ce.Code != code {
			p.t.Fatalf("%s: ended with %v, want %d", p.name, ce, code)
		}
		return ce.Text
	case <-time.After(5 * time.Minute):
		p.t.Fatalf("%s: still open", p.name)
		return ""
	}
}

// quiet checks that nothing waits for the client, and that it is open.
func (p *peer) quiet() {
	p.t.Helper()
	synctest.Wait()
	select {
	case m, ok := <-p.in:
		p.t.Fatalf("%s: got %s %s (%t)", p.name, m.Type, m.Payload, ok)
	default:
	}
}

// hangUp loses the connection, without a word.
func (p *peer) hangUp() {
	_ = p.ws.NetConn().Close()
	synctest.Wait()
}

func web(id string) wire.Service {
	return wire.Service{ID: id, Protocol: wire.ServiceHTTP, LocalHost: "localhost", LocalPort: 8080, Description: "pages"}
}

// join dials and registers.
func (b *bed) join(token, name, instance string, services ...wire.Service) *peer {
	b.t.Helper()
	p, _ := b.dial(token)
	if p == nil {
		b.t.Fatal("refused")
	}
	p.name = name
	p.register(name, instance, services...)
	if !p.got.Success {
		b.t.Fatalf("%s: %+v", name, p.got)
	}
	p.key = *p.got.Key
	return p
}

func (p *peer) register(name, instance string, services ...wire.Service) wire.RegisterResponse {
	p.t.Helper()
	p.send(wire.TypeRegister, "r", wire.Register{ClientID: name, Instance: instance, Services: services, Version: 1})
	var m wire.Message
	if p.got, m = hear[wire.RegisterResponse](p, wire.TypeRegisterResponse); m.ID != "r" {
		p.t.Errorf("answer with the id %q", m.ID)
	}
	return p.got
}

// open makes a session between visitor and provider for the service.
func open(visitor, provider *peer, service string) (v, p wire.CreateSession) {
	visitor.t.Helper()
	visitor.send(wire.TypeConnectRequest, "c", wire.ConnectRequest{ToClientID: provider.name, ServiceID: service, SessionID: "label"})
	req, _ := hear[wire.ConnectRequest](provider, wire.TypeConnectRequest)
	provider.send(wire.TypeAcceptSession, "a", wire.AcceptSession{SessionID: req.SessionID})
	p, pm := hear[wire.CreateSession](provider, wire.TypeCreateSession)
	v, vm := hear[wire.CreateSession](visitor, wire.TypeCreateSession)
	if pm.ID != "a" || vm.ID != "c" {
		visitor.t.Errorf("answers with the ids %q and %q", pm.ID, vm.ID)
	}
	return v, p
}
