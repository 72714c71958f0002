// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/dustin/go-humanize"

	"github.com/culvertd/culvert/internal/gateway"
)

// parseApp reads the global option; see App.UnmarshalCaddyfile.
func parseApp(d *caddyfile.Dispenser, existing any) (any, error) {
	if existing != nil {
		d.Next() // so that the error has a line
		return nil, d.Err("the global option culvert is there twice; put everything into one block")
	}
	a := new(App)
	if err := a.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "culvert", Value: caddyconfig.JSON(a, nil)}, nil
}

// UnmarshalCaddyfile reads the global option. Syntax:
//
//	culvert {
//		site                     <address>
//		publish                  <addresses...>
//		resolver                 <address>
//		data                     <folder>
//		database                 <url>
//		max_message_size         <size>
//		max_connections          <number>
//		message_rate             <number>
//		byte_rate                <size>
//		endpoint_message_rate    <number>
//		endpoint_byte_rate       <size>
//		memory                   <size>
//		log_size                 <size>
//		ping_interval            <duration>
//		pong_timeout             <duration>
//		connection_log_retention <duration>|forever
//		idle_removal             <duration>|never
//		reconnect_window         <duration>
//		shutdown_timeout         <duration>
//		descriptor_reserve       <number>
//		relay [<listen>] {
//			advertise <host>[:<port>]
//		}
//		ports tcp|udp            <low>-<high>
//		max_ports_per_account    <number>
//		listen <address> <service...> {
//			proxy_protocol v1|v2
//		}
//		session_timeout          <duration>|never
//		heartbeat_interval       <duration>
//		heartbeat_timeout        <duration>
//		max_sessions             <number>
//		max_sessions_per_client  <number>
//		max_channels_per_session <number>
//		max_bytes_per_session    <size>
//		session_rate             <size>
//		client_rate              <size>
//	}
//
// All are optional; App documents them. Rates are by the second, sizes are
// written like 64KiB or 1MB. There may be any number of listen.
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume the option's name
	if d.NextArg() {
		return d.ArgErr()
	}
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		if seen[name] && name != "ports" && name != "listen" { // ports is there once for each protocol
			return d.Errf("%s already specified", name)
		}
		seen[name] = true
		if err := a.unmarshalOption(d, name); err != nil {
			return err
		}
		if d.NextArg() {
			return d.ArgErr()
		}
	}
	return nil
}

func (a *App) unmarshalOption(d *caddyfile.Dispenser, name string) error {
	switch name {
	case "publish":
		args := d.RemainingArgs() // as for site
		if len(args) == 0 {
			return d.ArgErr()
		}
		a.Publish = strings.Join(args, " ")
		return nil
	case "site":
		// A list, because it is often the variable that also names the site.
		args := d.RemainingArgs()
		if len(args) == 0 {
			return d.ArgErr()
		}
		a.Site = strings.Join(args, " ")
		return nil
	case "data":
		if !d.AllArgs(&a.Data) {
			return d.ArgErr()
		}
		return nil
	case "resolver":
		if !d.AllArgs(&a.Resolver) {
			return d.ArgErr()
		}
		return nil
	case "database":
		if !d.AllArgs(&a.Database) {
			return d.ArgErr()
		}
		return nil
	case "max_message_size":
		return size(d, &a.MaxMessageSize)
	case "max_connections":
		return number(d, &a.MaxConnections)
	case "message_rate":
		return number(d, &a.MessageRate)
	case "byte_rate":
		return size(d, &a.ByteRate)
	case "endpoint_message_rate":
		return number(d, &a.EndpointMessageRate)
	case "endpoint_byte_rate":
		return size(d, &a.EndpointByteRate)
	case "memory":
		return size(d, &a.Memory)
	case "log_size":
		return size(d, &a.LogSize)
	case "ping_interval":
		return duration(d, &a.PingInterval)
	case "pong_timeout":
		return duration(d, &a.PongTimeout)
	case "connection_log_retention":
		return durationOr(d, &a.ConnectionLogRetention, "forever", gateway.Forever, time.Minute)
	case "idle_removal":
		return durationOr(d, &a.IdleRemoval, "never", gateway.Never, time.Minute)
	case "reconnect_window":
		return duration(d, &a.ReconnectWindow)
	case "shutdown_timeout":
		return duration(d, &a.ShutdownTimeout)
	case "descriptor_reserve":
		return number(d, &a.DescriptorReserve)
	default:
		if known, err := a.unmarshalTunnel(d, name); known {
			return err
		}
		return d.Errf("unrecognized subdirective: %s", name)
	}
}

// In the JSON, zero means the default; who writes a zero into a Caddyfile means
// something else, and has to be told.

func number(d *caddyfile.Dispenser, to *int) error {
	name := d.Val()
	if !d.NextArg() {
		return d.ArgErr()
	}
	n, err := strconv.Atoi(d.Val())
	if err != nil || n <= 0 {
		return d.Errf("%s must be a number greater than zero, not %q; leave it out for the default", name, d.Val())
	}
	*to = n
	return nil
}

func size(d *caddyfile.Dispenser, to *int64) error {
	name := d.Val()
	if !d.NextArg() {
		return d.ArgErr()
	}
	n, err := humanize.ParseBytes(d.Val())
	if err != nil || n == 0 || int64(n) < 0 {
		return d.Errf("%s must be a size such as 64KiB or 1MB, not %q; leave it out for the default", name, d.Val())
	}
	*to = int64(n)
	return nil
}

func duration(d *caddyfile.Dispenser, to *caddy.Duration) error {
	name := d.Val()
	if !d.NextArg() {
		return d.ArgErr()
	}
	t, err := caddy.ParseDuration(d.Val())
	if err != nil || t <= 0 {
		return d.Errf("%s must be a duration such as 30s or 10m, not %q; leave it out for the default", name, d.Val())
	}
	*to = caddy.Duration(t)
	return nil
}

// durationOr reads a duration of at least shortest, or the word for none.
func durationOr(d *caddyfile.Dispenser, to *caddy.Duration, word string, none, shortest time.Duration) error {
	name := d.Val()
	if !d.NextArg() {
		return d.ArgErr()
	}
	if d.Val() == word {
		*to = caddy.Duration(none)
		return nil
	}
	t, err := caddy.ParseDuration(d.Val())
	if err != nil || t < shortest || t <= 0 {
		least := ""
		if shortest > 0 {
			least = " of " + shortest.String() + " or more"
		}
		return d.Errf("%s must be %s or a duration%s, such as 30m or 30d, not %q", name, word, least, d.Val())
	}
	*to = caddy.Duration(t)
	return nil
}

// Interface guards
var _ caddyfile.Unmarshaler = (*App)(nil)
