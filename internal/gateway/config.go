// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/hub"
)

// Defaults of Config.
const (
	DefaultRetention       = 30 * 24 * time.Hour
	DefaultReconnectWindow = 10 * time.Second
	DefaultShutdownTimeout = 5 * time.Second
)

// Forever is the Retention that prunes nothing.
const Forever = time.Duration(-1)

// Config is what one generation wants. The zero value works.
type Config struct {
	// Site is where clients reach the gateway. Default: http://localhost:8080.
	Site Site
	// Hub holds limits and times of the hub; its Recorder is the core's own.
	Hub hub.Config
	// Retention is how long lines of the connection log are kept; Forever
	// keeps them all. Default: 30 days.
	Retention time.Duration
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
	if c.ReconnectWindow == 0 {
		c.ReconnectWindow = DefaultReconnectWindow
	}
	if c.ShutdownTimeout == 0 {
		c.ShutdownTimeout = DefaultShutdownTimeout
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
	} {
		if n.value < 0 {
			errs = append(errs, fmt.Errorf("%s must not be negative; leave it out for the default", n.name))
		}
	}
	if c.Retention < 0 && c.Retention != Forever {
		errs = append(errs, errors.New("connection_log_retention must not be negative; write forever to keep all lines"))
	}
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

func or(v, def int64) int64 {
	if v == 0 {
		return def
	}
	return v
}
