// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"errors"
	"fmt"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// handle serves one message. What it returns is sent as an error.
func (s *Server) handle(c *conn, m wire.Message) *wire.ErrorPayload {
	switch m.Type {
	case wire.TypeRegister:
		return with(m, func(p *wire.Register) *wire.ErrorPayload { return s.register(c, m.ID, p) })
	case wire.TypeHeartbeat:
		return with(m, func(p *wire.Heartbeat) *wire.ErrorPayload {
			c.send(wire.TypeHeartbeat, m.ID, p)
			return nil
		})
	case wire.TypeGetClientList:
		return s.listFor(c, m.ID)
	case wire.TypeConnectRequest:
		return with(m, func(p *wire.ConnectRequest) *wire.ErrorPayload { return s.connect(c, m.ID, p) })
	case wire.TypeAcceptSession:
		return with(m, func(p *wire.AcceptSession) *wire.ErrorPayload { return s.accept(c, m.ID, p) })
	case wire.TypeRejectSession:
		return with(m, func(p *wire.RejectSession) *wire.ErrorPayload { return s.reject(c, p) })
	case wire.TypeSessionConnected:
		return with(m, func(p *wire.SessionConnected) *wire.ErrorPayload { return s.connected(c, p) })
	case wire.TypeSessionClosed:
		return with(m, func(p *wire.SessionClosed) *wire.ErrorPayload { return s.leave(c, p) })
	case wire.TypeResumeWanted:
		return with(m, func(p *wire.ResumeWanted) *wire.ErrorPayload { return s.resume(c, p) })
	case wire.TypeStreams:
		return with(m, func(p *wire.Streams) *wire.ErrorPayload { return s.report(c, p) })
	case wire.TypeUnregister:
		return s.unregister(c)
	default:
		return &wire.ErrorPayload{
			Code:    wire.CodeUnknownType,
			Message: fmt.Sprintf("this gateway does not know messages of the type %q", cut(string(m.Type), wire.MaxName)),
		}
	}
}

// with parses the payload for f.
func with[T any](m wire.Message, f func(*T) *wire.ErrorPayload) *wire.ErrorPayload {
	p := new(T)
	if err := m.Unmarshal(p); err != nil {
		return invalid("%s", err)
	}
	return f(p)
}

func invalid(format string, args ...any) *wire.ErrorPayload {
	return &wire.ErrorPayload{Code: wire.CodeInvalid, Message: fmt.Sprintf(format, args...)}
}

var errNotRegistered = &wire.ErrorPayload{
	Code:    wire.CodeNotRegistered,
	Message: "this connection has no name yet; send register first",
}

func limitReached(name string, value int, what string) *wire.ErrorPayload {
	return &wire.ErrorPayload{
		Code:    wire.CodeLimit,
		Message: fmt.Sprintf("%s: the limit of %d is reached; the operator can change it (%s in the Caddyfile)", what, value, name),
		Details: map[string]any{"limit": name, "value": value},
	}
}

// accountLimit is limitReached for limits that differ by account; remedy says
// what can be done.
func accountLimit(name string, value int, what, remedy string) *wire.ErrorPayload {
	return &wire.ErrorPayload{
		Code:    wire.CodeLimit,
		Message: fmt.Sprintf("%s: the limit of %d is reached; %s", what, value, remedy),
		Details: map[string]any{"limit": name, "value": value},
	}
}

// Bounds of what clients say about themselves, in bytes.
const (
	maxDescription = 256
	maxLocalHost   = 255
	maxInstance    = 64
)

// check returns every problem of a registration.
func check(p *wire.Register) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if p.ClientID != "" && !wire.ValidName(p.ClientID) {
		bad("clientId %q: use 1 to %d letters, digits, hyphens and underscores, and no hyphen first", cut(p.ClientID, 80), wire.MaxName)
	}
	if len(p.Instance) > maxInstance {
		bad("instance has %d bytes; use at most %d", len(p.Instance), maxInstance)
	}
	if len(p.Services) > wire.MaxServices {
		bad("there are %d services; use at most %d", len(p.Services), wire.MaxServices)
		return errors.Join(errs...)
	}
	ids := make(map[string]bool, len(p.Services))
	for i, v := range p.Services {
		at := fmt.Sprintf("services[%d]", i)
		if !wire.ValidName(v.ID) {
			bad("%s.id %q: use 1 to %d letters, digits, hyphens and underscores, and no hyphen first", at, cut(v.ID, 80), wire.MaxName)
		} else if ids[v.ID] {
			bad("%s.id %q is there twice", at, v.ID)
		}
		ids[v.ID] = true
		switch v.Protocol {
		case wire.ServiceTCP, wire.ServiceUDP, wire.ServiceHTTP, wire.ServiceWS:
		default:
			bad("%s.protocol %q: use tcp, udp, http or ws", at, cut(v.Protocol, 80))
		}
		if v.Encryption != "" && v.Encryption != wire.EncryptionNone {
			bad("%s.encryption %q: use none, or leave it out", at, cut(v.Encryption, 80))
		}
		if v.Publish != nil && v.Publish.Host != "" && !wire.ValidHost(v.Publish.Host) {
			bad("%s.publish.host %q: use 1 to %d letters, digits and hyphens, no hyphen first or last, or a domain such as www.example.org", at, cut(v.Publish.Host, 80), wire.MaxLabel)
		}
		if protocol, port := v.Publish.Port(); port != nil {
			if *port < 0 || *port > 65535 {
				bad("%s.publish.%s is %d; use 0 for any port, or one up to 65535", at, protocol, *port)
			}
			if v.Publish.Host != "" {
				bad("%s.publish has both host and %s; offer the service twice, under two ids", at, protocol)
			}
			if v.Publish.TCP != nil && v.Publish.UDP != nil {
				bad("%s.publish has both tcp and udp; offer the service twice, under two ids", at)
			}
		}
		if no := proxyProblem(v.Publish); no != "" {
			bad("%s.publish.proxyProtocol %s", at, no)
		}
		if v.LocalPort < 0 || v.LocalPort > 65535 {
			bad("%s.localPort is %d; use 0 to 65535", at, v.LocalPort)
		}
		if len(v.LocalHost) > maxLocalHost {
			bad("%s.localHost has %d bytes; use at most %d", at, len(v.LocalHost), maxLocalHost)
		}
		if len(v.Description) > maxDescription {
			bad("%s.description has %d bytes; use at most %d", at, len(v.Description), maxDescription)
		}
	}
	return errors.Join(errs...)
}

// millis is a time as messages have it.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
