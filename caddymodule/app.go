// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/hub"
)

func init() {
	caddy.RegisterModule(new(App))
}

// App is the gateway: one data folder, with its endpoints and the connections
// of their clients, and with tunnel clients, their sessions and the relay that
// carries them. Connections live through config reloads; what a new config
// changes holds for them from then on.
//
// String values may hold global placeholders, such as `{env.NAME}`.
type App struct {
	// Where clients reach the gateway, as in the address of its site:
	// `https://example.com`, `example.com`, `:8080`; of a list, the first
	// counts. It only serves to print URLs. Default: the environment's
	// CULVERT_SITE, else `http://localhost:8080`.
	Site string `json:"site,omitempty"`
	// Where the public reaches what clients publish by name, as in the address of
	// the site that has `culvert_publish`: `https://*.apps.example.com`; of a list
	// the first counts. Default: nowhere.
	Publish string `json:"publish,omitempty"`
	// The TCP ports that clients may publish services at, such as `20000-20999`.
	// Default: none.
	TCPPorts string `json:"tcp_ports,omitempty"`
	// The UDP ports, likewise; they have nothing to do with those of TCP. Default:
	// none.
	UDPPorts string `json:"udp_ports,omitempty"`
	// How many of these one account may have, of both protocols together. Default:
	// 10.
	MaxPortsPerAccount int `json:"max_ports_per_account,omitempty"`
	// The DNS server that is asked whether a domain is an account's, such as
	// `192.0.2.53` or `[2001:db8::53]:5353`. Default: the system's.
	Resolver string `json:"resolver,omitempty"`
	// Addresses whose visitors are taken to services of tunnel clients. Default:
	// none.
	Listen []Listen `json:"listen,omitempty"`
	// The folder with the gateway's database. One gateway at a time uses it,
	// and a reload cannot change it. Default: the environment's CULVERT_DATA,
	// else `./culvert-data`.
	Data string `json:"data,omitempty"`
	// The URL of a PostgreSQL database, such as
	// `postgres://culvert@db.example.com/culvert`, in which everything is kept
	// instead of SQLite in the data folder; that still holds the gateway's
	// keys, lock and socket. A reload cannot change it. Default: the
	// environment's CULVERT_DATABASE, else SQLite.
	Database string `json:"database,omitempty"`

	// The largest message in bytes, after inflation. Larger ones close their
	// sender with 1009. Default: 1 MiB.
	MaxMessageSize int64 `json:"max_message_size,omitempty"`
	// How many connections an endpoint holds at once; a further one is
	// answered 503 before the upgrade. Default: 10000.
	MaxConnections int `json:"max_connections,omitempty"`
	// How many messages a second one connection may send, with a burst of one
	// second's worth. Over it, it is closed with 1008. Default: no limit.
	MessageRate int `json:"message_rate,omitempty"`
	// How many bytes a second one connection may send, likewise. Default: no
	// limit.
	ByteRate int64 `json:"byte_rate,omitempty"`
	// How many messages a second all connections of one endpoint may send
	// together. The one that goes over it is closed with 1013. Default: no
	// limit.
	EndpointMessageRate int `json:"endpoint_message_rate,omitempty"`
	// How many bytes a second all connections of one endpoint may send
	// together, likewise. Default: no limit.
	EndpointByteRate int64 `json:"endpoint_byte_rate,omitempty"`

	// How many bytes all logs and half-received messages may take together.
	// Default: 256 MiB.
	Memory int64 `json:"memory,omitempty"`
	// How many bytes a receiver may lag behind on one endpoint before it is
	// closed with 1013 as too slow. Default: 16 MiB.
	LogSize int64 `json:"log_size,omitempty"`
	// The time between pings to one connection. Default: 25s, because many
	// proxies cut at 60.
	PingInterval caddy.Duration `json:"ping_interval,omitempty"`
	// How long after a ping a silent connection is taken for dead. Default:
	// 10s.
	PongTimeout caddy.Duration `json:"pong_timeout,omitempty"`

	// How long lines of the connection log are kept; -1 keeps them for ever.
	// Default: 30d.
	ConnectionLogRetention caddy.Duration `json:"connection_log_retention,omitempty"`
	// How long nobody may use an endpoint before it is removed; -1 removes none.
	// Its owner sees it coming for 7 days. Default: 90d.
	IdleRemoval caddy.Duration `json:"idle_removal,omitempty"`
	// The time over which clients are asked to spread their return when the
	// gateway restarts. Default: 10s.
	ReconnectWindow caddy.Duration `json:"reconnect_window,omitempty"`
	// How long a stop waits for the closing handshakes of clients. Default:
	// 5s.
	ShutdownTimeout caddy.Duration `json:"shutdown_timeout,omitempty"`
	// How many file descriptors stay free for everything that is not a
	// WebSocket; beyond it upgrades are answered 503. Default: a sixteenth of
	// the process's limit, at least 64.
	DescriptorReserve int `json:"descriptor_reserve,omitempty"`

	// The relay's port. Without it there is none, and tunnels go through the
	// site as WebSockets, which is slower.
	Relay *Relay `json:"relay,omitempty"`
	// How long nothing may move over a session or one of its connections
	// before it is ended; -1 ends none. Default: 5m.
	SessionTimeout caddy.Duration `json:"session_timeout,omitempty"`
	// How often tunnel clients show that they live. Default: 15s.
	HeartbeatInterval caddy.Duration `json:"heartbeat_interval,omitempty"`
	// How long a silent tunnel client counts as online. It must be longer than
	// heartbeat_interval. Default: 45s.
	HeartbeatTimeout caddy.Duration `json:"heartbeat_timeout,omitempty"`
	// How many sessions there may be at once. A further one is refused with
	// the limit's name, as are those over the next two. Default: 10000.
	MaxSessions int `json:"max_sessions,omitempty"`
	// How many sessions one client may have part in. Default: 256.
	MaxSessionsPerClient int `json:"max_sessions_per_client,omitempty"`
	// How many connections one session may have open. Default: 1024.
	MaxChannelsPerSession int `json:"max_channels_per_session,omitempty"`
	// How many bytes a session may carry, both directions together, before it
	// is ended. Default: no limit.
	MaxBytesPerSession int64 `json:"max_bytes_per_session,omitempty"`
	// How many bytes a second a session may carry, both directions together,
	// with a burst of one second's worth. Default: no limit.
	SessionRate int64 `json:"session_rate,omitempty"`
	// How many bytes a second all sessions of one client may carry, likewise.
	// Default: no limit.
	ClientRate int64 `json:"client_rate,omitempty"`

	ctx      caddy.Context
	core     *gateway.Core
	acquired bool // whether core is a reference that Cleanup must give back
	events   *emitter
	gen      *gateway.Generation
}

// CaddyModule returns the Caddy module information.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "culvert",
		New: func() caddy.Module { return new(App) },
	}
}

// Provision finds the core of the data folder. It opens nothing, because
// Caddy also provisions configs that it only validates.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx = ctx
	site, dir, err := a.resolve()
	if err != nil {
		return err
	}
	if a.core, err = acquire(dir); err != nil {
		return err
	}
	a.acquired = true
	cfg := a.config(site)
	if cfg.Database, err = a.database(); err != nil {
		return err
	}
	if cfg.Publish, err = a.publicSite(); err != nil {
		return err
	}
	if a.Resolver != "" {
		if cfg.Resolver, err = gateway.ParseResolver(a.Resolver); err != nil {
			return err
		}
	}
	if cfg.TCPPorts, err = portRange(a.TCPPorts); err != nil {
		return fmt.Errorf("tcp_ports: %w", err)
	}
	if cfg.UDPPorts, err = portRange(a.UDPPorts); err != nil {
		return fmt.Errorf("udp_ports: %w", err)
	}
	cfg.MaxPortsPerAccount = a.MaxPortsPerAccount
	if cfg.Listen, err = a.listens(); err != nil {
		return err
	}
	if cfg.Relay, err = a.Relay.config(); err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	if a.events, err = newEmitter(ctx); err != nil {
		return fmt.Errorf("loading the app events: %w", err)
	}
	cfg.QuotaHook = a.events.quota
	a.gen = &gateway.Generation{Config: cfg, Logger: ctx.Logger()}
	if err := registerMetrics(ctx, a.core); err != nil {
		return err
	}
	return announce(ctx, startNotice{site: site, dir: dir, relayPort: a.core.RelayPort, core: a.core, log: ctx.Logger()})
}

// Validate names every setting that cannot work.
func (a *App) Validate() error {
	return a.gen.Config.Validate()
}

// resolve replaces placeholders and defaults.
func (a *App) resolve() (gateway.Site, string, error) {
	repl := caddy.NewReplacer()
	addr, err := repl.ReplaceOrErr(a.Site, true, true)
	if err != nil {
		return gateway.Site{}, "", fmt.Errorf("site: %w", err)
	}
	if addr == "" {
		addr = os.Getenv(envSite)
	}
	site, err := gateway.ParseSite(addr)
	if err != nil {
		return gateway.Site{}, "", err
	}
	data, err := repl.ReplaceOrErr(a.Data, true, true)
	if err != nil {
		return gateway.Site{}, "", fmt.Errorf("data: %w", err)
	}
	if data == "" {
		data = defaultData()
	}
	dir, err := gateway.DataDir(data)
	return site, dir, err
}

// database replaces placeholders and the default, without repeating what may
// hold a password.
func (a *App) database() (string, error) {
	s, err := caddy.NewReplacer().ReplaceOrErr(a.Database, true, true)
	if err != nil {
		return "", fmt.Errorf("database: %w", err)
	}
	return strings.TrimSpace(cmp.Or(s, os.Getenv(envDatabase))), nil
}

// publicSite replaces placeholders and the default.
func (a *App) publicSite() (gateway.PublicSite, error) {
	addr, err := caddy.NewReplacer().ReplaceOrErr(a.Publish, true, true)
	if err != nil {
		return gateway.PublicSite{}, fmt.Errorf("publish: %w", err)
	}
	if addr == "" {
		return gateway.PublicSite{}, nil
	}
	return gateway.ParsePublicSite(addr)
}

func (a *App) config(site gateway.Site) gateway.Config {
	return gateway.Config{
		Site: site,
		Hub: hub.Config{
			Limits: hub.Limits{
				MaxMessageSize:            a.MaxMessageSize,
				MaxConnections:            a.MaxConnections,
				MessagesPerSecond:         a.MessageRate,
				BytesPerSecond:            a.ByteRate,
				EndpointMessagesPerSecond: a.EndpointMessageRate,
				EndpointBytesPerSecond:    a.EndpointByteRate,
			},
			LogSize:           a.LogSize,
			Memory:            a.Memory,
			PingInterval:      time.Duration(a.PingInterval),
			PongTimeout:       time.Duration(a.PongTimeout),
			DescriptorReserve: a.DescriptorReserve,
		},
		Tunnel: gateway.Tunnel{
			SessionTimeout:        time.Duration(a.SessionTimeout),
			HeartbeatInterval:     time.Duration(a.HeartbeatInterval),
			HeartbeatTimeout:      time.Duration(a.HeartbeatTimeout),
			MaxSessions:           a.MaxSessions,
			MaxSessionsPerClient:  a.MaxSessionsPerClient,
			MaxChannelsPerSession: a.MaxChannelsPerSession,
			MaxBytesPerSession:    a.MaxBytesPerSession,
			SessionRate:           a.SessionRate,
			ClientRate:            a.ClientRate,
		},
		Retention:       time.Duration(a.ConnectionLogRetention),
		IdleRemoval:     time.Duration(a.IdleRemoval),
		ReconnectWindow: time.Duration(a.ReconnectWindow),
		ShutdownTimeout: time.Duration(a.ShutdownTimeout),
	}
}

// Start puts this config in force.
func (a *App) Start() error {
	if err := a.core.Push(a.ctx, a.gen); err != nil {
		return err
	}
	a.events.run()
	return nil
}

// Stop takes this config back. At the end of the process it closes the core at
// once: Cleanup would come only when the http app has waited for its requests.
func (a *App) Stop() error {
	defer a.events.close()
	if a.core.Pop(a.gen) == 0 && caddy.Exiting() {
		return a.core.Close(gateway.Restarting)
	}
	return nil
}

// Cleanup takes this config back if Stop has not, and gives the core back,
// which closes with its last reference. It may follow a Provision that failed
// at any point, and a Start without a Stop.
func (a *App) Cleanup() error {
	if !a.acquired {
		return nil
	}
	a.acquired = false
	if a.events != nil {
		defer a.events.close()
	}
	a.core.Pop(a.gen)
	return release(a.core)
}

// Core returns what outlives this config, for tests and other modules.
func (a *App) Core() *gateway.Core { return a.core }

// app returns the app of the config that ctx belongs to.
func app(ctx caddy.Context) (*App, error) {
	v, err := ctx.App("culvert")
	if err != nil {
		return nil, fmt.Errorf("loading the culvert app: %w", err)
	}
	a, ok := v.(*App)
	if !ok {
		return nil, errors.New("the app culvert is another module's")
	}
	return a, nil
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.Validator    = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
