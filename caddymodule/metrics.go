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
	descKicks   = desc("ws_kicked_total", "WebSocket connections that an endpoint's owner or an administrator closed.")

	descBlocks       = desc("blocked_ranges", "Entries of the block list of addresses.")
	descBlocked      = desc("ws_blocked_total", "Requests for a WebSocket refused because of their address.")
	descCut          = desc("ws_cut_total", "WebSocket connections closed because of their address, a new key or a quota.")
	descQuotas       = desc("quota_events_total", "Times that an account came near its monthly traffic (warning), or used it up (exceeded).", "kind")
	descSpent        = desc("quota_exceeded_accounts", "Accounts that have used up their monthly traffic.")
	descQuotaRefused = desc("ws_quota_refused_total", "Requests for a WebSocket refused because of a quota.")
	descHistoryLost  = desc("history_lost_total", "Rows of history that were not written.")

	descClients       = desc("tunnel_clients", "Tunnel clients that are known, by whether they are online.", "status")
	descSessions      = desc("tunnel_sessions", "Sessions between tunnel clients that exist.")
	descSessionsTotal = desc("tunnel_sessions_total", "Sessions between tunnel clients that were made.")
	descUnauthorized  = desc("tunnel_unauthorized_total", "Requests of tunnel clients without a valid token.")
	descTakeovers     = desc("tunnel_takeovers_total", "Names of online tunnel clients that another process took over.")
	descAlarms        = desc("tunnel_takeover_alarms_total", "Times that processes were found to fight for a tunnel client's name.")
	descTunnelRefused = desc("tunnel_refused_total", "Messages of tunnel clients that were refused, by the code of the error.", "code")
	descSessionsLost  = desc("session_log_lost_total", "Lines of the session log that were not written.")

	descChannels       = desc("relay_channels", "TCP channels at the relay, by state.", "state")
	descChannelsTotal  = desc("relay_channels_total", "TCP channels that were paired.")
	descRelayBytes     = desc("relay_bytes_total", "Bytes forwarded over TCP channels, from visitors (up) and to them (down).", "direction")
	descRelayRefused   = desc("relay_refused_total", "TCP channels that were refused, by the code of the refusal.", "code")
	descRelayJunk      = desc("relay_junk_total", "Connections that sent no opening line, or no good one in time.")
	descRelayShed      = desc("relay_shed_total", "TCP channels dropped for lack of file descriptors.")
	descPackets        = desc("relay_udp_packets_total", "UDP packets forwarded.")
	descPacketBytes    = desc("relay_udp_bytes_total", "Bytes of UDP packets forwarded.")
	descPacketsDropped = desc("relay_udp_dropped_total", "UDP packets dropped, by reason.", "reason")
	descPublicDropped  = desc("public_udp_dropped_total",
		"Datagrams dropped at public UDP ports: from or to addresses that are not let in (refused), of new sources while there are too many (flows), "+
			"to sources that have not answered (unanswered), others (lost).", "reason")
)

// Describe implements prometheus.Collector. Caddy's registry is pedantic: the
// list must be that of Collect.
func (collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descEndpoints, descConnections, descQueued, descGenerations, descTotal,
		descMessagesIn, descBytesIn, descMessagesOut, descBytesOut, descDropped, descLogLost,
		descClients, descSessions, descSessionsTotal, descUnauthorized, descTakeovers, descAlarms,
		descTunnelRefused, descSessionsLost, descChannels, descChannelsTotal, descRelayBytes,
		descRelayRefused, descRelayJunk, descRelayShed, descPackets, descPacketBytes, descPacketsDropped, descPublicDropped,
		descKicks, descBlocks, descBlocked, descCut, descQuotas, descSpent, descQuotaRefused, descHistoryLost,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	if m, ok := c.core.Metrics(); ok {
		collectHub(m, gauge, counter)
	}
	if m, ok := c.core.TunnelMetrics(); ok {
		collectTunnels(m, gauge, counter)
	}
}

type (
	gaugeFunc   func(d *prometheus.Desc, v float64, labels ...string)
	counterFunc func(d *prometheus.Desc, v uint64, labels ...string)
)

func collectHub(m gateway.Metrics, gauge gaugeFunc, counter counterFunc) {
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
	counter(descKicks, m.Hub.Kicks)

	gauge(descBlocks, float64(m.Blocks))
	counter(descBlocked, m.Hub.Blocked)
	counter(descCut, m.Hub.Cut)
	counter(descQuotas, m.Warnings, "warning")
	counter(descQuotas, m.Exceeded, "exceeded")
	gauge(descSpent, float64(m.Spent))
	counter(descQuotaRefused, m.Hub.Exceeded)
	counter(descHistoryLost, m.Lost)
}

func collectTunnels(m gateway.TunnelMetrics, gauge gaugeFunc, counter counterFunc) {
	gauge(descClients, float64(m.Online), "online")
	gauge(descClients, float64(m.Known-m.Online), "offline")
	gauge(descSessions, float64(m.Sessions))
	counter(descSessionsTotal, m.TotalSessions)
	counter(descUnauthorized, m.Unauthorized)
	counter(descTakeovers, m.Takeovers)
	counter(descAlarms, m.Alarms)
	counter(descSessionsLost, m.LogLost)
	byLabel := func(d *prometheus.Desc, sums map[string]uint64) {
		for label, n := range sums {
			counter(d, n, label)
		}
	}
	byLabel(descTunnelRefused, m.Refused)

	r := m.Relay
	gauge(descChannels, float64(r.Pending), "pending")
	gauge(descChannels, float64(r.Parked), "parked")
	gauge(descChannels, float64(r.Warm), "warm")
	gauge(descChannels, float64(r.Linked), "linked")
	counter(descChannelsTotal, r.Opened)
	counter(descRelayBytes, r.BytesUp, "up")
	counter(descRelayBytes, r.BytesDown, "down")
	byLabel(descRelayRefused, r.Refused)
	counter(descRelayJunk, r.Junk)
	counter(descRelayShed, r.Shed)
	counter(descPackets, r.Packets)
	counter(descPacketBytes, r.PacketBytes)
	byLabel(descPacketsDropped, r.PacketsDropped)
	byLabel(descPublicDropped, m.PublicDropped)
}

var _ prometheus.Collector = collector{}
