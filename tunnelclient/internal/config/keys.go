// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// Key is a key of the file, for the documentation.
type Key struct {
	Name    string // such as services[].id
	Type    string
	Default string // "required" if it must be there
}

// field is a key of an object that becomes a T.
type field[T any] struct {
	name, kind, def string
	set             func(r *reader, n ast.Node, to *T)
}

const required = "required"

var fields = []field[Config]{
	{"serverUrl", "text", "`CULVERT_SERVER`", func(r *reader, n ast.Node, c *Config) {
		if r.text(n, &c.ServerURL) {
			_, err := ParseServer(c.ServerURL)
			r.check(n, err)
		}
	}},
	{"clientId", "text", "the token's name", func(r *reader, n ast.Node, c *Config) {
		if r.text(n, &c.ClientID) && c.ClientID != "" {
			r.check(n, CheckName(c.ClientID))
		}
	}},
	{"tokenFile", "path", "`CULVERT_TOKEN`", func(r *reader, n ast.Node, c *Config) { r.filled(n, &c.TokenFile) }},
	{"keyFile", "path", "`key` in `CULVERT_HOME`", func(r *reader, n ast.Node, c *Config) { r.filled(n, &c.KeyFile) }},
	{"services", "list", "none", func(r *reader, n ast.Node, c *Config) { r.services(n, &c.Services) }},
	{"connects", "list", "none", func(r *reader, n ast.Node, c *Config) { r.connects(n, &c.Connects) }},
	{"autoReconnect", "true or false", "`true`", func(r *reader, n ast.Node, c *Config) { r.bool(n, &c.AutoReconnect) }},
	{"reconnectInterval", "milliseconds", "`500`", func(r *reader, n ast.Node, c *Config) {
		var ms int
		if r.number(n, 1, int(maxInterval/time.Millisecond), &ms) {
			c.ReconnectInterval = time.Duration(ms) * time.Millisecond
		}
	}},
	{"transport", "`auto`, `relay` or `websocket`", "`auto`", func(r *reader, n ast.Node, c *Config) {
		var s string
		if r.text(n, &s) {
			c.Transport = tunnel.Transport(s)
			r.check(n, CheckTransport(c.Transport))
		}
	}},
	{"resumeWindow", "duration", "`2m`", func(r *reader, n ast.Node, c *Config) {
		var s string
		if r.text(n, &s) {
			var err error
			c.ResumeWindow, err = parseWindow(s)
			r.check(n, err)
		}
	}},
}

var serviceFields = []field[wire.Service]{
	{"id", "text", required, func(r *reader, n ast.Node, s *wire.Service) {
		if r.text(n, &s.ID) {
			r.check(n, CheckName(s.ID))
		}
	}},
	{"protocol", "`tcp`, `udp`, `http` or `ws`", required, func(r *reader, n ast.Node, s *wire.Service) {
		r.oneOf(n, &s.Protocol, wire.ServiceTCP, wire.ServiceUDP, wire.ServiceHTTP, wire.ServiceWS)
	}},
	{"localPort", "1 to 65535", required, func(r *reader, n ast.Node, s *wire.Service) { r.number(n, 1, 65535, &s.LocalPort) }},
	{"localHost", "name or address", "`localhost`", func(r *reader, n ast.Node, s *wire.Service) {
		if r.filled(n, &s.LocalHost) {
			r.check(n, CheckLocalHost(s.LocalHost))
		}
	}},
	{"description", "text", "none", func(r *reader, n ast.Node, s *wire.Service) { r.text(n, &s.Description) }},
	{"encryption", "`none`", "always", func(r *reader, n ast.Node, s *wire.Service) { r.oneOf(n, &s.Encryption, wire.EncryptionNone) }},
	{"publish", "object", "not published", func(r *reader, n ast.Node, s *wire.Service) {
		s.Publish = new(wire.Publish)
		object(r, n, publishFields, s.Publish)
	}},
	{"peers", "list of fingerprints", "whomever the gateway lets", func(r *reader, n ast.Node, s *wire.Service) { r.peers(n, &s.Peers) }},
}

var publishFields = []field[wire.Publish]{
	{"host", "1 to 63 letters, digits and `-`", "none", func(r *reader, n ast.Node, p *wire.Publish) {
		if r.text(n, &p.Host) {
			r.check(n, CheckHost(p.Host))
		}
	}},
	{"tcp", "0 to 65535", "none", func(r *reader, n ast.Node, p *wire.Publish) {
		p.TCP = new(int)
		r.number(n, 0, 65535, p.TCP)
	}},
	{"udp", "0 to 65535", "none", func(r *reader, n ast.Node, p *wire.Publish) {
		p.UDP = new(int)
		r.number(n, 0, 65535, p.UDP)
	}},
	{"proxyProtocol", "`v1` or `v2`", "none", func(r *reader, n ast.Node, p *wire.Publish) {
		r.oneOf(n, &p.ProxyProtocol, wire.ProxyV1, wire.ProxyV2)
	}},
}

var connectFields = []field[tunnel.ForwardSpec]{
	{"target", "text", required, func(r *reader, n ast.Node, f *tunnel.ForwardSpec) {
		if r.text(n, &f.Target) {
			r.check(n, CheckTarget(f.Target))
		}
	}},
	{"service", "text", required, func(r *reader, n ast.Node, f *tunnel.ForwardSpec) {
		if r.text(n, &f.Service) {
			r.check(n, CheckName(f.Service))
		}
	}},
	{"local", "port, `host:port`, or path of a unix socket", required, func(r *reader, n ast.Node, f *tunnel.ForwardSpec) {
		// A bare port is a number to JSON and YAML.
		if i, ok := n.(*ast.IntegerNode); ok {
			f.Local = i.Token.Value
		} else if !r.text(n, &f.Local) {
			return
		}
		r.check(n, CheckLocal(f.Local))
	}},
	{"encryption", "`none`", "always", func(r *reader, n ast.Node, f *tunnel.ForwardSpec) {
		r.oneOf(n, &f.Encryption, wire.EncryptionNone)
	}},
	{"peerKey", "fingerprint", "that of the first contact", func(r *reader, n ast.Node, f *tunnel.ForwardSpec) {
		if r.text(n, &f.PeerKey) {
			r.check(n, CheckFingerprint(f.PeerKey))
		}
	}},
}

// Keys lists all keys of a file in the order of the documentation.
func Keys() []Key {
	var all []Key
	for _, f := range fields {
		all = append(all, Key{f.name, f.kind, f.def})
		switch f.name {
		case "services":
			all = append(all, keysOf("services[].", serviceFields)...)
			all = append(all, keysOf("services[].publish.", publishFields)...)
		case "connects":
			all = append(all, keysOf("connects[].", connectFields)...)
		}
	}
	return all
}

func keysOf[T any](prefix string, fs []field[T]) []Key {
	keys := make([]Key, len(fs))
	for i, f := range fs {
		keys[i] = Key{prefix + f.name, f.kind, f.def}
	}
	return keys
}
