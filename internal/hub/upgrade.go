// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/refusal"
)

// handshakeTimeout bounds the writing of the answer to an upgrade.
const handshakeTimeout = 10 * time.Second

// handshakeBuffers lends gorilla the buffer for its answer, so that the
// connection does not keep one.
var handshakeBuffers sync.Pool

// Serve upgrades the request and relays its connection until it ends; it
// returns as soon as the connection is the hub's. Refusals are answered as
// JSON before the upgrade. addr is the client's address for the log. w must
// implement http.Hijacker.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, id ID, addr netip.Addr) {
	if h.blocked(addr) {
		h.counts.blocked.Add(1)
		refuseBlocked.Write(w)
		return
	}
	c := &conn{ep: h.find(id), addr: addr}
	ep := c.ep
	if ep != nil {
		c.cuts = ep.cuts.Load() // before anything is asked that CloseAll may follow
	}
	if no := h.refusal(ep, r); no != nil {
		no.Write(w)
		return
	}
	if !h.admit() {
		refusal.Stopping.Write(w)
		return
	}
	group := ep.limits.Load().own.Group
	if limit, ok := group.take(); !ok {
		h.dismiss()
		refuseOwnerFull(limit).Write(w)
		return
	}
	c.group = group
	if limit, ok := ep.reserve(); !ok {
		h.dismiss()
		group.give()
		refuseFull(limit).Write(w)
		return
	}
	deflate := ""
	if ep.limits.Load().own.Compression {
		deflate = negotiate(r.Header.Values("Sec-Websocket-Extensions"))
	}
	if deflate != "" {
		c.enc = packed
	}
	// Gorilla does its part, the handshake. Its reader would write control
	// frames by itself, beside our writers (docs/decisions/0002).
	if _, err := upgrader(r).Upgrade(&door{w, c}, r, extensions(deflate)); err != nil {
		c.stillborn() // answered by gorilla through refuseHandshake
		return
	}
	c.live()
}

func upgrader(r *http.Request) *websocket.Upgrader {
	u := &websocket.Upgrader{
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   256,
		WriteBufferSize:  256,
		WriteBufferPool:  &handshakeBuffers,
		CheckOrigin:      func(*http.Request) bool { return true }, // refusal did it
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			refusal.Handshake(status, reason).Write(w)
		},
	}
	u.Subprotocols = subprotocol(r)
	return u
}

// extensions is the answer to the offers, in a spelling that gorilla passes on
// as it is: it takes its own for the only one, and cannot confirm parameters.
func extensions(deflate string) http.Header {
	if deflate == "" {
		return nil
	}
	return http.Header{"Sec-WebSocket-Extensions": {deflate}}
}

// door is the response writer from which gorilla takes the connection.
type door struct {
	http.ResponseWriter
	c *conn
}

// Hijack implements http.Hijacker.
func (d *door) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	hj, ok := d.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.New("the response writer is no http.Hijacker")
	}
	nc, brw, err := hj.Hijack()
	if err != nil {
		return nil, nil, err
	}
	d.c.nc = nc
	return &threshold{nc, d.c}, brw, nil
}

// threshold makes the client a member before it writes the answer: who has
// seen the answer gets every message that is sent from then on.
type threshold struct {
	net.Conn
	c *conn
}

// Write implements net.Conn; gorilla calls it once, with the whole answer.
func (t *threshold) Write(b []byte) (int, error) {
	if err := t.c.enter(); err != nil {
		return 0, err
	}
	return t.Conn.Write(b)
}

var errEndpointGone = errors.New("the endpoint was closed meanwhile")

// enter makes the connection a member that nobody writes to yet.
func (c *conn) enter() error {
	c.id = c.ep.hub.conns.Add(1)
	c.opened = time.Now()
	tune(c.nc)
	c.raw = rawConn(c.nc)
	c.state = writeBusy
	if !c.ep.join(c) {
		return errEndpointGone
	}
	return nil
}

// live starts the connection, once its client has the answer.
func (c *conn) live() {
	h := c.ep.hub
	h.record(Event{Kind: Connected, Time: c.opened, Endpoint: c.ep.id, Conn: c.id, Addr: c.addr})
	h.clock.add(c)
	c.mu.Lock()
	if c.end == nil { // else it has the deadline of its end
		_ = c.nc.SetDeadline(time.Time{})
	}
	c.idleLocked()
	c.kickLocked()
	c.mu.Unlock()
	if h.blocked(c.addr) { // meanwhile, and CloseAddr did not find it yet
		h.cut(c, blocked)
	}
	h.wg.Go(c.read)
}

// stillborn undoes what was done for a connection whose handshake failed.
func (c *conn) stillborn() {
	switch {
	case c.id == 0: // it did not come to the answer
		c.ep.unreserve()
	case c.lane != nil:
		c.mu.Lock()
		c.dieLocked("handshake failed")
		c.mu.Unlock()
	}
	c.group.give()
	c.ep.hub.dismiss()
}

// refusal finds what is wrong with a request for an upgrade, or nil.
func (h *Hub) refusal(ep *endpoint, r *http.Request) *refusal.Refusal {
	switch {
	case r.Method == http.MethodConnect || len(r.Header[":protocol"]) > 0:
		return refusal.ExtendedConnect
	case !ep.opens(r):
		return refuseUnknown
	case !websocket.IsWebSocketUpgrade(r):
		return refusePlain
	case r.Header.Get("Sec-Websocket-Version") != "13":
		return refuseVersion
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return refusal.Body
	case !originAllowed(ep.limits.Load().own.Origins, r.Header.Values("Origin")):
		return refuseOrigin
	case ep.limits.Load().own.Group.isSpent():
		h.counts.exceeded.Add(1)
		return refuseQuota
	case h.short():
		return refuseShort
	}
	return nil
}

// originAllowed compares exactly; scheme and host are not case-sensitive. A
// request without an Origin is not from a browser, and no page is behind it.
func originAllowed(allowed, origin []string) bool {
	if len(allowed) == 0 || len(origin) == 0 {
		return true
	}
	return len(origin) == 1 && slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, origin[0]) })
}

// short reports whether the process is about to run out of descriptors.
func (h *Hub) short() bool {
	used, limit, ok := descriptors()
	reserve := or(h.settings().DescriptorReserve, max(limit/16, minReserve))
	return ok && used >= limit-reserve
}
