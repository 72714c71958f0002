// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// defaultRelay is what relay without an address listens on.
const defaultRelay = ":9001"

// Relay is the port through which tunnels carry their data: TCP, and UDP with
// the same number.
type Relay struct {
	// The address to listen on. Default: `:9001`.
	Listen string `json:"listen,omitempty"`
	// Where clients reach it, a host or `host:port`. Default: the host that
	// the client used for the site, and the port of listen.
	Advertise string `json:"advertise,omitempty"`
}

// config replaces placeholders and defaults.
func (r *Relay) config() (gateway.Relay, error) {
	if r == nil {
		return gateway.Relay{}, nil
	}
	repl := caddy.NewReplacer()
	listen, err := repl.ReplaceOrErr(r.Listen, true, true)
	if err != nil {
		return gateway.Relay{}, err
	}
	advertise, err := repl.ReplaceOrErr(r.Advertise, true, true)
	if err != nil {
		return gateway.Relay{}, err
	}
	out := gateway.Relay{Listen: listen, AdvertiseHost: advertise}
	if listen == "" {
		out.Listen = defaultRelay
	}
	if host, port, err := net.SplitHostPort(advertise); err == nil {
		// What is no number is left for Validate to refuse.
		if out.AdvertisePort, err = strconv.Atoi(port); err != nil {
			out.AdvertisePort = -1
		}
		out.AdvertiseHost = host
	} else {
		out.AdvertiseHost = strings.TrimSuffix(strings.TrimPrefix(advertise, "["), "]")
	}
	return out, nil
}

// unmarshalRelay reads the relay of the global option. Syntax:
//
//	relay [<listen>] {
//		advertise <host>[:<port>]
//	}
func unmarshalRelay(d *caddyfile.Dispenser, to **Relay) error {
	r := &Relay{Listen: defaultRelay}
	*to = r
	if d.NextArg() {
		r.Listen = d.Val()
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if d.Val() != "advertise" {
			return d.Errf("unrecognized subdirective of relay: %s", d.Val())
		}
		if r.Advertise != "" {
			return d.Errf("advertise already specified")
		}
		if !d.AllArgs(&r.Advertise) {
			return d.ArgErr()
		}
	}
	return nil
}

// portRange reads a range such as 20000-20999, or one port.
func portRange(s string) (signaling.PortRange, error) {
	if s == "" {
		return signaling.PortRange{}, nil
	}
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		to = from
	}
	low, err := strconv.ParseUint(from, 10, 16)
	high, err2 := strconv.ParseUint(to, 10, 16)
	if err != nil || err2 != nil || low == 0 || low > high {
		return signaling.PortRange{}, fmt.Errorf("ports %q is no range of ports; write it like 20000-20999", s)
	}
	return signaling.PortRange{Low: int(low), High: int(high)}, nil
}

// unmarshalPorts reads the public ports of a protocol.
func (a *App) unmarshalPorts(d *caddyfile.Dispenser) error {
	var protocol, ports string
	if !d.AllArgs(&protocol, &ports) {
		return d.ArgErr()
	}
	to := map[string]*string{wire.TCP: &a.TCPPorts, wire.UDP: &a.UDPPorts}[protocol]
	switch {
	case to == nil:
		return d.Errf("ports %s: use tcp or udp", protocol)
	case *to != "":
		return d.Errf("ports %s already specified", protocol)
	}
	*to = ports
	return nil
}

// unmarshalTunnel reads a setting of tunnels; false if name is none.
func (a *App) unmarshalTunnel(d *caddyfile.Dispenser, name string) (bool, error) {
	switch name {
	case "relay":
		return true, unmarshalRelay(d, &a.Relay)
	case "ports":
		return true, a.unmarshalPorts(d)
	case "listen":
		return true, unmarshalListen(d, &a.Listen)
	case "max_ports_per_account":
		return true, number(d, &a.MaxPortsPerAccount)
	case "session_timeout":
		return true, durationOr(d, &a.SessionTimeout, "never", gateway.Never, 0)
	case "heartbeat_interval":
		return true, duration(d, &a.HeartbeatInterval)
	case "heartbeat_timeout":
		return true, duration(d, &a.HeartbeatTimeout)
	case "max_sessions":
		return true, number(d, &a.MaxSessions)
	case "max_sessions_per_client":
		return true, number(d, &a.MaxSessionsPerClient)
	case "max_channels_per_session":
		return true, number(d, &a.MaxChannelsPerSession)
	case "max_bytes_per_session":
		return true, size(d, &a.MaxBytesPerSession)
	case "session_rate":
		return true, size(d, &a.SessionRate)
	case "client_rate":
		return true, size(d, &a.ClientRate)
	default:
		return false, nil
	}
}
