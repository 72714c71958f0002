// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"github.com/culvertd/culvert/internal/wire"
)

// The defaults, for a server with two cores.
const (
	defaultMessageSize        = 1 << 20
	defaultConnections        = 10_000
	defaultLogSize            = 16 << 20
	defaultMemory             = 256 << 20
	defaultPingInterval       = 25 * time.Second
	defaultPongTimeout        = 10 * time.Second
	defaultCloseTimeout       = 5 * time.Second
	minReserve                = 64
	maxMessageSize            = 1 << 30
	messagesPerLog            = 4 // a log holds so many of the largest messages
	guaranteedLog       int64 = 64 << 10
)

// Config is what the hub as a whole is told. The zero value works.
type Config struct {
	// Limits hold for endpoints whose settings leave them open.
	Limits Limits
	// LogSize bounds one endpoint's log in bytes; who lags further behind is
	// closed with 1013. At least four times the largest message. Default:
	// 16 MiB.
	LogSize int64
	// Memory bounds all logs and all half-received messages together, in
	// bytes. Over it, the endpoints with the largest logs lose their laggards,
	// and half-received messages are refused with 1013. Default: 256 MiB.
	Memory int64
	// PingInterval is the time between pings to one connection. Default: 25 s.
	PingInterval time.Duration
	// PongTimeout is how long after a written ping a silent connection is
	// taken for dead. At most the ping interval. Default: 10 s.
	PongTimeout time.Duration
	// CloseTimeout bounds the closing handshake, after which the connection is
	// reset. Default: 5 s.
	CloseTimeout time.Duration
	// DescriptorReserve is how many file descriptors stay free for everything
	// that is not a connection of the hub; beyond it upgrades are answered
	// 503. Default: a sixteenth of the process's limit, at least 64.
	DescriptorReserve int
	// Recorder, if any, takes connection events.
	Recorder Recorder
	// Blocked, if any, says from which addresses nobody may connect. It is
	// asked for each request and must be quick.
	Blocked func(netip.Addr) bool
}

func (c Config) withDefaults() Config {
	c.Limits.MaxMessageSize = min(or(c.Limits.MaxMessageSize, defaultMessageSize), maxMessageSize)
	c.Limits.MaxConnections = or(c.Limits.MaxConnections, defaultConnections)
	c.LogSize = max(or(c.LogSize, defaultLogSize), messagesPerLog*c.Limits.MaxMessageSize)
	c.Memory = max(or(c.Memory, defaultMemory), c.LogSize)
	c.PingInterval = or(c.PingInterval, defaultPingInterval)
	c.PongTimeout = min(or(c.PongTimeout, defaultPongTimeout), c.PingInterval)
	c.CloseTimeout = or(c.CloseTimeout, defaultCloseTimeout)
	return c
}

// or is v, or fallback for a v that is zero or less.
func or[T int | int64 | time.Duration](v, fallback T) T {
	if v > 0 {
		return v
	}
	return fallback
}

// limits are what holds for one endpoint: its own settings over the hub's.
type limits struct {
	Limits
	own      Settings
	logSize  int64
	messages *rate.Limiter // of the endpoint as a whole; nil: none
	bytes    *rate.Limiter
}

func newLimits(own Settings, cfg *Config) *limits {
	l, d := own.Limits, cfg.Limits
	eff := Limits{
		MaxMessageSize:            min(or(l.MaxMessageSize, d.MaxMessageSize), maxMessageSize),
		MaxConnections:            or(l.MaxConnections, d.MaxConnections),
		MessagesPerSecond:         or(l.MessagesPerSecond, d.MessagesPerSecond),
		BytesPerSecond:            or(l.BytesPerSecond, d.BytesPerSecond),
		EndpointMessagesPerSecond: or(l.EndpointMessagesPerSecond, d.EndpointMessagesPerSecond),
		EndpointBytesPerSecond:    or(l.EndpointBytesPerSecond, d.EndpointBytesPerSecond),
	}
	return &limits{
		Limits: eff, own: own,
		logSize:  max(cfg.LogSize, messagesPerLog*eff.MaxMessageSize),
		messages: bucket(int64(eff.EndpointMessagesPerSecond), 1),
		bytes:    bucket(eff.EndpointBytesPerSecond, eff.MaxMessageSize),
	}
}

// bucket allows perSecond with a burst of a second's worth, at least least: a
// single message within the size limit must pass.
func bucket(perSecond, least int64) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), int(max(perSecond, least)))
}

// limiter counts what one connection sends. It is made anew when the limits
// change.
type limiter struct {
	of       *limits
	messages *rate.Limiter
	bytes    *rate.Limiter
}

func (l *limits) forConn() *limiter {
	return &limiter{
		of:       l,
		messages: bucket(int64(l.MessagesPerSecond), 1),
		bytes:    bucket(l.BytesPerSecond, l.MaxMessageSize),
	}
}

func (l *limits) any() bool {
	return l.MessagesPerSecond > 0 || l.BytesPerSecond > 0 || l.messages != nil || l.bytes != nil
}

// allow counts a message of n bytes against every rate, and returns what to
// close with if one is exceeded.
func (k *limiter) allow(n int) *closeError {
	now := time.Now()
	over := func(l *rate.Limiter, n int) bool { return l != nil && !l.AllowN(now, n) }
	switch {
	case over(k.messages, 1):
		return refuse(wire.ClosePolicy, "over the limit of %d messages a second per connection (message_rate)", k.of.MessagesPerSecond)
	case over(k.bytes, n):
		return refuse(wire.ClosePolicy, "over the limit of %d bytes a second per connection (byte_rate)", k.of.BytesPerSecond)
	case over(k.of.messages, 1):
		return refuse(wire.CloseTryAgainLater, "over the limit of %d messages a second per endpoint (endpoint_message_rate)", k.of.EndpointMessagesPerSecond)
	case over(k.of.bytes, n):
		return refuse(wire.CloseTryAgainLater, "over the limit of %d bytes a second per endpoint (endpoint_byte_rate)", k.of.EndpointBytesPerSecond)
	}
	return nil
}

// closeError is a reason to part with a connection.
type closeError struct {
	code int
	text string
}

func (e *closeError) Error() string { return e.text }

func refuse(code int, format string, args ...any) *closeError {
	return &closeError{code, fmt.Sprintf(format, args...)}
}
