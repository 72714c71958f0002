// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
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
	ep := h.find(id)
	if no := h.refusal(ep, r); no != nil {
		no.write(w)
		return
	}
	if !h.admit() {
		refuseStopping.write(w)
		return
	}
	if limit, ok := ep.reserve(); !ok {
		h.dismiss()
		refuseFull(limit).write(w)
		return
	}
	deflate := ep.limits.Load().own.Compression && negotiate(r.Header.Values("Sec-Websocket-Extensions"))
	ws, err := upgrade(w, r, deflate)
	if err != nil { // answered by gorilla through refuseHandshake
		ep.unreserve()
		h.dismiss()
		return
	}
	// Gorilla has done its part, the handshake. Its reader would write control
	// frames by itself, beside our writers (docs/decisions/0002).
	h.start(&conn{ep: ep, nc: ws.NetConn(), addr: addr, opened: time.Now()}, deflate)
}

// upgrade answers the handshake. It may change the request's headers.
func upgrade(w http.ResponseWriter, r *http.Request, deflate bool) (*websocket.Conn, error) {
	// Gorilla takes any offer of the extension as it is; ours are checked.
	r.Header.Del("Sec-Websocket-Extensions")
	if deflate {
		r.Header.Set("Sec-Websocket-Extensions", extension)
	}
	u := websocket.Upgrader{
		HandshakeTimeout:  handshakeTimeout,
		ReadBufferSize:    256,
		WriteBufferSize:   256,
		WriteBufferPool:   &handshakeBuffers,
		EnableCompression: deflate,
		CheckOrigin:       func(*http.Request) bool { return true }, // refusal did it
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			refuseHandshake(status, reason).write(w)
		},
	}
	// A browser that offers subprotocols fails if none is chosen. The relay
	// has no opinion, so it is the client's first.
	if offered := websocket.Subprotocols(r); len(offered) > 0 {
		u.Subprotocols = offered[:1]
	}
	return u.Upgrade(w, r, nil)
}

// start makes the connection a member and starts its goroutine.
func (h *Hub) start(c *conn, deflate bool) {
	c.id = h.conns.Add(1)
	if deflate {
		c.enc = packed
	}
	_ = c.nc.SetDeadline(time.Time{})
	tune(c.nc)
	c.raw = rawConn(c.nc)
	if closing, ok := c.ep.join(c); !ok {
		// The endpoint went while its upgrade was under way.
		_ = c.nc.SetWriteDeadline(time.Now().Add(time.Second))
		e := closing.ending()
		_, _ = c.nc.Write(wire.AppendClose(nil, e.code, e.say))
		_ = c.nc.Close()
		h.dismiss()
		return
	}
	h.record(Event{Kind: Connected, Time: c.opened, Endpoint: c.ep.id, Conn: c.id, Addr: c.addr})
	h.clock.add(c)
	h.wg.Go(c.read)
}

// refusal finds what is wrong with a request for an upgrade, or nil.
func (h *Hub) refusal(ep *endpoint, r *http.Request) *refused {
	switch {
	case r.Method == http.MethodConnect || len(r.Header[":protocol"]) > 0:
		return refuseConnect
	case ep == nil:
		return refuseUnknown
	case !websocket.IsWebSocketUpgrade(r):
		return refusePlain
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return refuseBody
	case !originAllowed(ep.limits.Load().own.Origins, r.Header.Values("Origin")):
		return refuseOrigin
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
