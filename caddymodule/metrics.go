// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/culvertd/culvert/internal/gateway"
)

// collector reads the core's figures when it is scraped. Each config has a
// registry of its own while the core goes on, so the figures live through
// reloads. No label comes from a client.
type collector struct {
	core *gateway.Core
}

// registerMetrics adds the core's figures to the config's registry.
func registerMetrics(ctx caddy.Context, core *gateway.Core) error {
	err := ctx.GetMetricsRegistry().Register(collector{core})
	if _, twice := errors.AsType[prometheus.AlreadyRegisteredError](err); twice {
		return nil
	}
	return err
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("culvert_"+name, help, labels, nil)
}

var (
	descEndpoints   = desc("ws_endpoints", "Endpoints that exist.")
	descConnections = desc("ws_connections", "WebSocket connections that are open.")
	descQueued      = desc("ws_messages_queued", "Messages that wait for some receiver, counted once for each.")
	descGenerations = desc("config_generations_total", "Configs that were put in force.")

	descTotal       = desc("ws_connections_total", "WebSocket connections that were opened.")
	descMessagesIn  = desc("ws_messages_received_total", "Messages accepted from clients.")
	descBytesIn     = desc("ws_received_bytes_total", "Payload bytes of messages accepted from clients.")
	descMessagesOut = desc("ws_messages_delivered_total", "Messages delivered to clients.")
	descBytesOut    = desc("ws_delivered_bytes_total", "Payload bytes of messages delivered to clients.")
	descDropped     = desc("ws_messages_dropped_total",
		"Messages that a receiver did not get, because it was too slow (slow), left (closed), or was closed by the gateway (kicked).",
		"reason")
	descLogLost = desc("connection_log_lost_total", "Lines of the connection log that were not written.")
)

// Describe implements prometheus.Collector. Caddy's registry is pedantic: the
// list must be that of Collect.
func (collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descEndpoints, descConnections, descQueued, descGenerations, descTotal,
		descMessagesIn, descBytesIn, descMessagesOut, descBytesOut, descDropped, descLogLost,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	m, ok := c.core.Metrics()
	if !ok {
		return
	}
	gauge := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge(descEndpoints, float64(m.Endpoints))
	gauge(descConnections, float64(m.Connections))
	gauge(descQueued, float64(m.Queued))
	counter(descGenerations, m.Generations)
	counter(descTotal, m.TotalConnections)
	counter(descMessagesIn, m.MessagesIn)
	counter(descBytesIn, m.BytesIn)
	counter(descMessagesOut, m.MessagesOut)
	counter(descBytesOut, m.BytesOut)
	counter(descDropped, m.DroppedSlow, "slow")
	counter(descDropped, m.DroppedClosed, "closed")
	counter(descDropped, m.DroppedKicked, "kicked")
	counter(descLogLost, m.LogLost)
}

var _ prometheus.Collector = collector{}
