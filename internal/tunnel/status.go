// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/culvertd/culvert/internal/wire"
)

// List returns the clients that this one may see. It waits until ctx ends for
// the client to be online.
func (c *Client) List(ctx context.Context) ([]wire.ClientInfo, error) {
	s, err := c.online(ctx)
	if err != nil {
		return nil, err
	}
	m, err := s.call(ctx, wire.TypeGetClientList, nil)
	if err != nil {
		return nil, &Error{Kind: Unreachable, Err: err}
	}
	if m.Type == wire.TypeError {
		var e wire.ErrorPayload
		if err := m.Unmarshal(&e); err != nil {
			return nil, err
		}
		return nil, &Error{Kind: Refused, Code: e.Code, Err: &e}
	}
	var list wire.ClientList
	if err := m.Unmarshal(&list); err != nil {
		return nil, fmt.Errorf("listing clients: %w", err)
	}
	return list.Clients, nil
}

// Status returns the state of everything as it is now.
func (c *Client) Status() Status {
	c.mu.Lock()
	st := Status{
		Server: c.cfg.serverURL("").String(), ClientID: c.name, State: StateConnecting, Since: c.since, Relay: c.relay,
		Services: []ServiceStatus{}, Forwards: []ForwardStatus{},
	}
	switch {
	case c.stopped:
		st.State = StateStopped
	case c.signal != nil:
		st.State = StateOnline
		st.Transport = c.way.inUse()
	}
	if c.relay == "" && st.Transport != "" {
		st.Transport = WebSocket
	}
	switch {
	case c.lastErr != nil:
		st.LastError = c.lastErr.Error()
	case c.final != nil:
		st.LastError = c.final.Error()
	}
	st.Dropped = c.udp.lost.Load()
	if c.cfg.Key != nil {
		st.Fingerprint = c.cfg.Key.Public().Fingerprint()
	}
	forwards := make([]*Forward, 0, len(c.forwards))
	for f := range c.forwards {
		forwards = append(forwards, f)
	}
	c.mu.Unlock()
	for _, v := range c.offers.all() {
		s := ServiceStatus{Service: v.service, Sessions: c.sessions.count(v.service.ID)}
		s.Connections, s.Total, s.BytesIn, s.BytesOut, s.LastError = v.sums()
		s.URL, s.PublishError = c.publishedAs(v.service)
		st.Services = append(st.Services, s)
	}
	for _, f := range forwards {
		st.Forwards = append(st.Forwards, f.Status())
	}
	st.Streams = c.streamInfos()
	slices.SortFunc(st.Forwards, func(a, b ForwardStatus) int {
		return cmp.Or(strings.Compare(a.Target, b.Target), strings.Compare(a.Service, b.Service), strings.Compare(a.Local, b.Local))
	})
	return st
}

// Status returns what the forward has carried, and how it is.
func (f *Forward) Status() ForwardStatus {
	f.mu.Lock()
	protocol, ss := f.protocol, f.session
	f.mu.Unlock()
	st := ForwardStatus{
		Target: f.spec.Target, Service: f.spec.Service, Local: f.Addr().String(), Protocol: protocol, State: StateConnecting,
	}
	st.Connections, st.Total, st.BytesOut, st.BytesIn, st.LastError = f.tally.sums()
	if v, ok := f.carrier.(*udpVisitor); ok {
		st.UDP, st.Dropped = v.status()
	}
	st.Encryption = wire.EncryptionNone
	if ss == nil {
		st.Encryption = ""
	} else if ss.mode == wire.ModeTLS {
		st.Encryption = wire.ModeTLS
		if key := ss.proven.Load(); key != nil {
			st.PeerFingerprint = key.Fingerprint()
		}
	}
	switch {
	case f.ctx.Err() != nil:
		st.State = StateStopped
	case st.LastError == "" && f.c.isOnline():
		st.State = StateOnline
	}
	return st
}
