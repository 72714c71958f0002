// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/signaling"
)

// Defaults of Config.
const (
	DefaultRetention       = 30 * 24 * time.Hour
	DefaultIdleRemoval     = 90 * 24 * time.Hour
	DefaultReconnectWindow = 10 * time.Second
	DefaultShutdownTimeout = 5 * time.Second

	DefaultSessionTimeout        = 5 * time.Minute
	DefaultMaxChannelsPerSession = 1024
)

// Forever is the Retention that prunes nothing.
const Forever = time.Duration(-1)

// Never is the Tunnel.SessionTimeout that ends no session, and the IdleRemoval
// that removes no endpoint.
const Never = time.Duration(-1)

// Relay is where the relay listens, and where clients find it.
type Relay struct {
	// Listen is an address for TCP and UDP, such as ":9001". Without one there
	// is no relay port, and channels come through the site's WebSocket alone.
	Listen string
	// AdvertiseHost and AdvertisePort are told to clients. Defaults: the host
	// that the client used for the site, and the port of Listen.
	AdvertiseHost string
	AdvertisePort int
}

// Tunnel holds limits and times of clients and their sessions.
type Tunnel struct {
	// SessionTimeout ends channels and sessions over which nothing moves.
	// Default: 5 minutes.
	SessionTimeout time.Duration
	// Defaults: 15 s and 45 s.
	HeartbeatInterval, HeartbeatTimeout time.Duration
	// Defaults: 10,000, 256 and 1,024.
	MaxSessions, MaxSessionsPerClient, MaxChannelsPerSession int
	// MaxBytesPerSession counts both directions; zero is no limit.
	MaxBytesPerSession int64
	// SessionRate and ClientRate are in bytes a second; zero is no limit.
	SessionRate, ClientRate int64
}

// Config is what one generation wants. The zero value works.
type Config struct {
	// Site is where clients reach the gateway. Default: http://localhost:8080.
	Site Site
	// TCPPorts and UDPPorts are the ports that clients may publish at. Default:
	// none. MaxPortsPerAccount bounds those of one account together; default 10.
	TCPPorts, UDPPorts signaling.PortRange
	MaxPortsPerAccount int
	// Listen are addresses whose visitors are taken to published services.
	Listen []publish.Static
	// Publish is where names of published services are. Default: nowhere.
	Publish PublicSite
	// Resolver is the DNS server that is asked for proofs of domains. Default:
	// the system's.
	Resolver netip.AddrPort
	// Database is the URL of a PostgreSQL database. Default: SQLite in the data
	// folder. It cannot change while the core is open.
	Database string
	// Hub holds limits and times of the hub; its Recorder is the core's own.
	Hub hub.Config
	// Relay is the relay's port, Tunnel what holds for those who use it.
	Relay  Relay
	Tunnel Tunnel
	// Retention is how long lines of the connection log are kept; Forever
	// keeps them all. Default: 30 days.
	Retention time.Duration
	// IdleRemoval is how long nobody may use an endpoint before it is removed;
	// Never removes none. Default: 90 days.
	IdleRemoval time.Duration
	// QuotaHook, if any, is called when an account comes near the end of its
	// monthly traffic, and at the end. It must not block.
	QuotaHook QuotaHook
	// ReconnectWindow is the time over which clients are asked to spread
	// their return after a restart. Default: 10 s.
	ReconnectWindow time.Duration
	// ShutdownTimeout bounds how long closing waits for clients. Default: 5 s.
	ShutdownTimeout time.Duration
}

// Generation is one config that somebody wants in force, and the logger that
// belongs to it. Its address is its identity.
type Generation struct {
	Config Config
	Logger *zap.Logger
}

func (c Config) withDefaults() Config {
	if c.Site == (Site{}) {
		c.Site = defaultSite
	}
	if c.Retention == 0 {
		c.Retention = DefaultRetention
	}
	if c.IdleRemoval == 0 {
		c.IdleRemoval = DefaultIdleRemoval
	}
	if c.ReconnectWindow == 0 {
		c.ReconnectWindow = DefaultReconnectWindow
	}
	if c.ShutdownTimeout == 0 {
		c.ShutdownTimeout = DefaultShutdownTimeout
	}
	t := &c.Tunnel
	if t.SessionTimeout == 0 {
		t.SessionTimeout = DefaultSessionTimeout
	}
	if t.HeartbeatInterval == 0 {
		t.HeartbeatInterval = signaling.DefaultHeartbeatInterval
	}
	if t.HeartbeatTimeout == 0 {
		t.HeartbeatTimeout = signaling.DefaultHeartbeatTimeout
	}
	if t.MaxSessions == 0 {
		t.MaxSessions = signaling.DefaultMaxSessions
	}
	if t.MaxSessionsPerClient == 0 {
		t.MaxSessionsPerClient = signaling.DefaultMaxSessionsPerClient
	}
	if t.MaxChannelsPerSession == 0 {
		t.MaxChannelsPerSession = DefaultMaxChannelsPerSession
	}
	return c
}

// Validate returns every problem of c, each with the name that the setting has
// in a config file.
func (c Config) Validate() error {
	l := c.Hub.Limits
	var errs []error
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"max_message_size", l.MaxMessageSize},
		{"max_connections", int64(l.MaxConnections)},
		{"message_rate", int64(l.MessagesPerSecond)},
		{"byte_rate", l.BytesPerSecond},
		{"endpoint_message_rate", int64(l.EndpointMessagesPerSecond)},
		{"endpoint_byte_rate", l.EndpointBytesPerSecond},
		{"log_size", c.Hub.LogSize},
		{"memory", c.Hub.Memory},
		{"ping_interval", int64(c.Hub.PingInterval)},
		{"pong_timeout", int64(c.Hub.PongTimeout)},
		{"reconnect_window", int64(c.ReconnectWindow)},
		{"shutdown_timeout", int64(c.ShutdownTimeout)},
		{"descriptor_reserve", int64(c.Hub.DescriptorReserve)},
		{"heartbeat_interval", int64(c.Tunnel.HeartbeatInterval)},
		{"heartbeat_timeout", int64(c.Tunnel.HeartbeatTimeout)},
		{"max_sessions", int64(c.Tunnel.MaxSessions)},
		{"max_sessions_per_client", int64(c.Tunnel.MaxSessionsPerClient)},
		{"max_channels_per_session", int64(c.Tunnel.MaxChannelsPerSession)},
		{"max_bytes_per_session", c.Tunnel.MaxBytesPerSession},
		{"session_rate", c.Tunnel.SessionRate},
		{"client_rate", c.Tunnel.ClientRate},
		{"max_ports_per_account", int64(c.MaxPortsPerAccount)},
	} {
		if n.value < 0 {
			errs = append(errs, fmt.Errorf("%s must not be negative; leave it out for the default", n.name))
		}
	}
	if c.Retention < 0 && c.Retention != Forever {
		errs = append(errs, errors.New("connection_log_retention must not be negative; write forever to keep all lines"))
	}
	if c.Database != "" {
		errs = append(errs, validDatabase(c.Database))
	}
	if c.IdleRemoval != 0 && c.IdleRemoval != Never && c.IdleRemoval <= idleWarning {
		errs = append(errs, errors.New("idle_removal must be longer than the 7 days that owners are warned before; write never to remove no endpoint"))
	}
	errs = append(errs, c.validateTunnel()...)
	// A message that does not fit the log could reach nobody, and a log that
	// does not fit the memory would be cut before it is full.
	size, log, memory := or(l.MaxMessageSize, 1<<20), or(c.Hub.LogSize, 16<<20), or(c.Hub.Memory, 256<<20)
	if size > log {
		errs = append(errs, fmt.Errorf("max_message_size (%d bytes) must not exceed log_size (%d bytes); lower it or raise log_size", size, log))
	}
	if log > memory {
		errs = append(errs, fmt.Errorf("log_size (%d bytes) must not exceed memory (%d bytes); lower it or raise memory", log, memory))
	}
	return errors.Join(errs...)
}

func (c Config) validateTunnel() (errs []error) {
	t := c.withDefaults().Tunnel
	if t.SessionTimeout < 0 && t.SessionTimeout != Never {
		errs = append(errs, errors.New("session_timeout must not be negative; write never to end no session"))
	}
	if t.HeartbeatTimeout <= t.HeartbeatInterval {
		errs = append(errs, fmt.Errorf("heartbeat_timeout (%v) must be longer than heartbeat_interval (%v), "+
			"better three times; raise it or lower heartbeat_interval", t.HeartbeatTimeout, t.HeartbeatInterval))
	}
	for name, p := range map[string]signaling.PortRange{"ports tcp": c.TCPPorts, "ports udp": c.UDPPorts} {
		if p != (signaling.PortRange{}) && (p.Low < 1 || p.High > 65535 || p.Low > p.High) {
			errs = append(errs, fmt.Errorf("%s must be a range of ports such as 20000-20999, not %d-%d", name, p.Low, p.High))
		}
	}
	r := c.Relay
	if r.Listen != "" {
		if _, port, err := net.SplitHostPort(r.Listen); err != nil {
			errs = append(errs, fmt.Errorf("relay must be an address to listen on such as :9001, not %q: %w", r.Listen, err))
		} else if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			errs = append(errs, fmt.Errorf("the port of relay must be a number up to 65535, not %q", port))
		}
	} else if r.AdvertiseHost != "" || r.AdvertisePort != 0 {
		errs = append(errs, errors.New("advertise says where the relay is reached, but there is none; set relay's address"))
	}
	if strings.ContainsAny(r.AdvertiseHost, " /") || r.AdvertisePort < 0 || r.AdvertisePort > 65535 {
		errs = append(errs, fmt.Errorf("advertise must be a host, or a host and a port, not %q and %d", r.AdvertiseHost, r.AdvertisePort))
	}
	return append(errs, c.validateListen()...)
}

func or(v, def int64) int64 {
	if v == 0 {
		return def
	}
	return v
}
