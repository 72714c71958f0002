// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/stream"
	"github.com/culvertd/culvert/internal/wire"
)

// offer is a service of ours, with what it has carried.
type offer struct {
	service wire.Service
	*tally
}

// offers are what this client's own configuration offers. What is dialed comes
// from here and never from the wire.
type offers struct {
	mu   sync.Mutex // guards the field below
	list []offer
}

// set replaces the list. A service that stays keeps its figures.
func (o *offers) set(services []wire.Service) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := make([]offer, 0, len(services))
	for _, v := range services {
		t := &tally{}
		if i := o.indexLocked(v.ID); i >= 0 {
			t = o.list[i].tally
		}
		list = append(list, offer{v, t})
	}
	o.list = list
}

func (o *offers) indexLocked(id string) int {
	return slices.IndexFunc(o.list, func(v offer) bool { return v.service.ID == id })
}

// carried are the figures of all published websites together.
type carried struct {
	open              int
	forward, backward uint64
}

func (o *offers) published() (sum carried) {
	for _, v := range o.all() {
		if _, port := v.service.Publish.Port(); v.service.Publish == nil || port != nil {
			continue
		}
		open, _, forward, backward, _ := v.sums()
		sum.open, sum.forward, sum.backward = sum.open+open, sum.forward+forward, sum.backward+backward
	}
	return sum
}

func (o *offers) find(id string) (offer, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := o.indexLocked(id); i >= 0 {
		return o.list[i], true
	}
	return offer{}, false
}

func (o *offers) all() []offer {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.list)
}

func (o *offers) services() []wire.Service {
	all := o.all()
	list := make([]wire.Service, len(all)) // never null in a message
	for i, v := range all {
		list[i] = v.service
	}
	return list
}

func (o *offers) empty() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.list) == 0
}

// SetServices changes what is offered, and tells the gateway if it is there.
// The sessions of services that are gone end; the others are not touched, and
// of a service that has moved only new connections go to the new place.
func (c *Client) SetServices(services []wire.Service) error {
	c.offers.set(services)
	c.endWithdrawn()
	c.parked.offer()
	c.udp.sign()
	c.mu.Lock()
	s := c.signal
	c.mu.Unlock()
	if s == nil {
		return nil // said when the client signs in
	}
	ctx, cancel := context.WithTimeout(c.base, registerTimeout)
	defer cancel()
	err := c.register(ctx, s)
	var lost *lostError
	var final *Error
	switch {
	case err == nil, errors.As(err, &lost):
		return nil
	case errors.As(err, &final):
		return final
	}
	return &Error{Kind: Refused, Err: fmt.Errorf("changing the services: %w", err)}
}

// endWithdrawn resets the streams to what is not offered any more, or not to the
// public. The gateway ends their sessions, but of that a stream only loses its
// channel, and would wait for another. A list of peers is for new ones.
func (c *Client) endWithdrawn() {
	for _, s := range c.streams.Streams() {
		if s.Visitor() {
			continue
		}
		key := wire.PublicKey(s.Peer())
		if v, ok := c.offers.find(s.Service()); !ok || v.service.Transport() != wire.TCP || v.service.Publish == nil && c.isGateway(&key) {
			s.Reset(stream.CodeNoService)
		}
	}
}

// publishedAs returns the URL of a service that wants one, or why it has none.
func (c *Client) publishedAs(v wire.Service) (url, problem string) {
	if _, port := v.Publish.Port(); v.Publish == nil || v.Publish.Host == "" && port == nil {
		return "", ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.published {
		if p.ServiceID == v.ID {
			return p.URL, p.Error
		}
	}
	return "", ""
}

// tellPublished logs what the gateway says of the services' hosts.
func (c *Client) tellPublished(list []wire.Published) {
	for _, p := range list {
		if p.Error != "" {
			c.log.Warn("a service is not published", zap.String("service", p.ServiceID), zap.String("code", p.Code), zap.String("reason", p.Error))
		} else {
			c.log.Info("published", zap.String("service", p.ServiceID), zap.String("url", p.URL))
		}
	}
}

// consider answers a visitor's request.
func (c *Client) consider(s *signal, p wire.ConnectRequest) {
	no := wire.RejectSession{SessionID: p.SessionID}
	switch v, ok := c.offers.find(p.ServiceID); {
	case c.isDraining():
		no.Code, no.Reason = wire.CodeClientOffline, "the client is stopping"
	case !ok:
		no.Code, no.Reason = wire.CodeServiceNotFound, "the client offers no service "+p.ServiceID
	case c.isGateway(p.PublicKey) && v.service.Publish == nil:
		no.Code, no.Reason = wire.CodeNotPublished, "the client does not publish its service "+p.ServiceID
	default:
		c.log.Info("visitor", zap.String("client", p.FromClientID), zap.String("service", p.ServiceID))
		_ = s.send(wire.TypeAcceptSession, "", wire.AcceptSession{SessionID: p.SessionID}) // or the gateway asks in vain
		return
	}
	_ = s.send(wire.TypeRejectSession, "", no)
}

// serve connects a channel that a visitor has begun with the service. It does
// not wait, for it may be called by the mover.
func (c *Client) serve(ch channel, g wire.GoLine, first []byte) {
	v, ok := c.offers.find(g.Service)
	secure := g.Mode == wire.ModeTLS && c.cfg.Key != nil
	if !ok || !secure && (g.Mode != wire.ModePlain || !c.mayBePlain(v.service.Encryption)) ||
		g.Protocol != v.service.Transport() || c.isDraining() {
		c.log.Debug("refusing a channel", zap.String("service", g.Service), zap.String("protocol", g.Protocol), zap.String("mode", g.Mode))
		_ = ch.Reset()
		return
	}
	switch {
	case g.Protocol == wire.UDP:
		c.serveUDP(ch, g.Session, first)
		return
	case secure:
		c.serveSecure(ch, g, first)
		return
	}
	f := v.begin(&c.busy)
	c.dialService(v.service, func(conn splice.Conn, err error) {
		if news := v.note(err); err != nil {
			// The visitor's application is to see that nothing is there.
			f.end()
			_ = ch.Reset()
			if news {
				c.log.Warn("a service cannot be reached", zap.String("service", g.Service), zap.Error(err))
			}
			return
		}
		o := splice.Options{Done: func(error) { f.end() }}
		o.First[splice.Forward] = first
		f.attach(c.mover.Link(ch.Conn, conn, o), 0)
	})
}

// serveUDP has a goroutine read the packets of a channel.
func (c *Client) serveUDP(ch channel, session string, first []byte) {
	if !c.spawn(func(ctx context.Context) {
		conn, err := splice.Plain(ch.Conn)
		if err != nil {
			return // it is closed
		}
		ch.Conn = conn
		_ = ch.SetReadDeadline(time.Time{}) // fails on closed ones only
		c.udp.serve(ctx, ch, session, first)
	}) {
		_ = ch.Reset()
	}
}

// dialService calls use once, perhaps before it returns, from a goroutine that
// must not be kept.
func (c *Client) dialService(v wire.Service, use func(splice.Conn, error)) {
	slowly := func() {
		if !c.spawn(func(ctx context.Context) { use(c.dialAnywhere(ctx, v)) }) {
			use(nil, errStopped)
		}
	}
	here, ok := c.serviceHere(v)
	if !ok || !c.mover.Dial(here, splice.DialOptions{Timeout: dialTimeout}, func(conn splice.Conn, err error) {
		// It may listen at the machine's other address. One that has reset was
		// there, and must not be reached twice.
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, syscall.ECONNRESET) {
			slowly()
			return
		}
		use(conn, err)
	}) {
		slowly()
	}
}

// serviceHere returns the address of a service on this machine, where most are.
func (c *Client) serviceHere(v wire.Service) (netip.AddrPort, bool) {
	if c.cfg.ownDial {
		return netip.AddrPort{}, false
	}
	host := serviceHost(v)
	if host == "localhost" {
		host = "127.0.0.1"
	}
	addr, err := netip.ParseAddr(host)
	return netip.AddrPortFrom(addr, uint16(v.LocalPort)), err == nil && addr.IsLoopback()
}

func serviceHost(v wire.Service) string { return cmp.Or(v.LocalHost, "localhost") }

func (c *Client) dialAnywhere(ctx context.Context, v wire.Service) (splice.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	nc, err := c.cfg.Dial(ctx, "tcp", net.JoinHostPort(serviceHost(v), strconv.Itoa(v.LocalPort)))
	if err != nil {
		return nil, err
	}
	conn, err := asConn(nc)
	if err != nil {
		_ = nc.Close()
	}
	return conn, err
}
