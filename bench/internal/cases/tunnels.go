// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"strconv"
	"time"

	"github.com/culvertd/culvert/bench/internal/tcpload"
	"github.com/culvertd/culvert/bench/internal/udpload"
)

// The tunnels, as results name them. Culvert is one whose ends have agreed to go
// without encryption; CulvertTLS is as it comes: encrypted from end to end, its
// connections outliving their channels.
const (
	CulvertTLS = "culvert-tls"
	Direct     = "direct"     // no tunnel: the service itself
	FRP        = "frp"        // as it comes: one connection for all, TLS to the server
	FRPFast    = "frp-fast"   // a connection for each, no TLS, a pool
	FRPTLS     = "frp-tls"    // a connection for each, TLS to the server
	Chisel     = "chisel"     // a forward to a reverse port, which is always SSH
	RefSplice  = "ref-splice" // bare relay and agents on io.Copy
	RefHybrid  = "ref-hybrid" // the same with a splice loop of its own and a pool
	RefUDP     = "ref-udp"    // three bare hops with segmentation offload
)

// Tunnel is one load on tunnels.
type Tunnel struct {
	Name    string
	Load    []string // a command of bench and its flags
	Delayed bool     // 40 ms of round trip between either end and the server
	Fresh   bool     // on processes that have carried nothing yet
	Rounds  int      // at most; 0: as many as are asked for
	Servers []string
	Columns []string // the metrics that tables show; the first with its spread
}

// TunnelOptions are what a shorter run changes.
type TunnelOptions struct {
	Duration time.Duration // of one run, or of one phase of it
	Settle   time.Duration // from the last idle connect to the reading
	Idle     int           // idle connections
	Silent   int           // connections that say nothing
}

// The names of the cases.
const (
	Intact      = "intact"
	Up1         = "1-up"
	Down1       = "1-down"
	Up8         = "8-up"
	Down8       = "8-down"
	Setup1      = "setup-1"
	Setup32     = "setup-32"
	Burst       = "burst-2000"
	Ping        = "ping"
	PingBulk    = "ping-beside-bulk"
	SilentPeers = "beside-silent"
	UDP64       = "udp-64"
	UDP1200     = "udp-1200-at-20000"
	UDPPing     = "udp-ping"
	UDPBeside   = "udp-ping-beside-flood"
	FirstByte   = "first-byte-40ms"
	Down40      = "1-down-40ms"
	IdleTunnels = "idle-tunnels"
)

// Tunnels has all cases in the order in which they run: those without delay,
// those with it, and at last those on fresh processes.
func Tunnels(o TunnelOptions) []Tunnel {
	peers := []string{Culvert, FRP, FRPFast, Chisel, CulvertTLS, FRPTLS}
	refs := append([]string{Direct, RefSplice, RefHybrid}, peers...)
	udp := []string{Direct, RefUDP, Culvert, FRP, FRPFast}
	duration := "-duration=" + o.Duration.String()

	bulk := []string{tcpload.Rate, tcpload.ServerCPU, tcpload.ChainCPU}
	opened := []string{tcpload.ConnsPerS, tcpload.FirstP50, tcpload.FirstP99, tcpload.ServerPerConn, tcpload.ChainPerConn, tcpload.Failed}
	pings := []string{tcpload.P50, tcpload.P99, tcpload.Max, tcpload.BulkRate}
	flood := []string{udpload.Delivered, udpload.Offered, udpload.Loss, udpload.ServerCPU, udpload.ChainCPU}
	return []Tunnel{
		{Name: Intact, Load: []string{"tcp-verify"}, Rounds: 1, Servers: refs, Columns: []string{tcpload.Intact}},
		{Name: Up1, Load: []string{"tcp-throughput", duration}, Servers: refs, Columns: bulk},
		{Name: Down1, Load: []string{"tcp-throughput", "-down", duration}, Servers: refs, Columns: bulk},
		{Name: Up8, Load: []string{"tcp-throughput", "-streams=8", duration}, Servers: refs, Columns: bulk},
		{Name: Down8, Load: []string{"tcp-throughput", "-streams=8", "-down", duration}, Servers: refs, Columns: bulk},
		{Name: Setup1, Load: []string{"tcp-setup", duration}, Servers: refs, Columns: opened},
		{Name: Setup32, Load: []string{"tcp-setup", "-workers=32", duration}, Servers: refs, Columns: opened},
		{
			Name: Burst, Load: []string{"tcp-burst"}, Servers: refs,
			Columns: []string{tcpload.Failed, tcpload.Done, tcpload.FirstP50, tcpload.FirstP99, tcpload.FirstMax, tcpload.ServerPerConn},
		},
		{Name: Ping, Load: []string{"tcp-rtt", duration}, Servers: refs, Columns: pings},
		{Name: PingBulk, Load: []string{"tcp-rtt", "-bulk=32", "-bulk-rate=100", duration}, Servers: refs, Columns: pings},
		{
			Name: SilentPeers, Load: []string{"tcp-silent", "-conns=" + strconv.Itoa(o.Silent), duration}, Rounds: 3,
			Servers: []string{RefHybrid, Culvert, FRPFast},
			Columns: []string{tcpload.Raised, tcpload.CalmP99, tcpload.SilentP99, tcpload.Held, tcpload.Failed},
		},
		{Name: UDP64, Load: []string{"udp-flood", duration}, Servers: udp, Columns: flood},
		{Name: UDP1200, Load: []string{"udp-flood", "-size=1200", "-rate=20000", duration}, Servers: udp, Columns: flood},
		{Name: UDPPing, Load: []string{"udp-rtt", duration}, Servers: udp, Columns: []string{udpload.P50, udpload.P99, udpload.Lost}},
		{
			Name: UDPBeside, Load: []string{"udp-rtt", "-pause=2ms", "-flood=20000", duration}, Servers: udp,
			Columns: []string{udpload.Raised, udpload.P99, udpload.BesideP99, udpload.P50, udpload.BesideP50, udpload.Lost, udpload.Loss},
		},
		{
			Name: FirstByte, Load: []string{"tcp-first"}, Delayed: true, Servers: refs,
			Columns: []string{tcpload.PerPing, tcpload.FirstP50, tcpload.FirstP99, tcpload.PingP50},
		},
		{
			Name: Down40, Load: []string{"tcp-throughput", "-down", "-duration=" + (2 * o.Duration).String()}, Delayed: true, Servers: refs,
			Columns: []string{tcpload.Rate},
		},
		{
			Name: IdleTunnels, Load: []string{"tcp-idle", "-conns=" + strconv.Itoa(o.Idle), "-settle=" + o.Settle.String()}, Fresh: true, Rounds: 1,
			// io.Copy holds six descriptors a connection: ref-splice does not get there.
			Servers: append([]string{RefHybrid}, peers...),
			Columns: []string{
				tcpload.KiBPerConn, tcpload.FDPerConn, tcpload.StartPSS, tcpload.PSS, tcpload.ProviderKiB, tcpload.VisitorKiB,
				tcpload.OpenPerS, tcpload.IdleCPU, tcpload.Failed, tcpload.Disconnected,
			},
		},
	}
}

// TunnelGoals are the targets of the comparison of tunnels.
var TunnelGoals = []Goal{
	{Culvert, Up1, tcpload.Rate, true, 3.3, FRP},
	{Culvert, Up1, tcpload.Rate, true, 1.15, FRPFast},
	{Culvert, Up1, tcpload.Rate, true, 5, Chisel},
	{Culvert, Up1, tcpload.Rate, true, 0.95, RefSplice},
	{Culvert, Up1, tcpload.ServerCPU, false, 0.36, ""},
	{Culvert, Down1, tcpload.Rate, true, 3.3, FRP},
	{Culvert, Down1, tcpload.Rate, true, 1.15, FRPFast},
	{Culvert, Down1, tcpload.Rate, true, 5, Chisel},
	{Culvert, Down1, tcpload.Rate, true, 0.95, RefSplice},
	{Culvert, Down1, tcpload.ServerCPU, false, 0.36, ""},
	{Culvert, Up8, tcpload.Rate, true, 3, FRP},
	{Culvert, Up8, tcpload.Rate, true, 1.15, FRPFast},
	{Culvert, Up8, tcpload.ServerCPU, false, 0.36, ""},
	{Culvert, Down8, tcpload.Rate, true, 3, FRP},
	{Culvert, Down8, tcpload.Rate, true, 1.15, FRPFast},
	{Culvert, Down8, tcpload.ServerCPU, false, 0.36, ""},
	{Culvert, FirstByte, tcpload.PerPing, false, 1.05, ""},
	{Culvert, Setup32, tcpload.ConnsPerS, true, 1.5, FRPFast},
	{Culvert, Setup32, tcpload.ServerPerConn, false, 130, ""},
	{Culvert, Setup32, tcpload.Failed, false, 0, ""},
	{Culvert, Burst, tcpload.Failed, false, 0, ""},
	{Culvert, PingBulk, tcpload.P50, false, 300, ""},
	{Culvert, UDP64, udpload.Delivered, true, 4, FRP},
	{Culvert, UDP64, udpload.Delivered, true, 4, FRPFast},
	{Culvert, UDP64, udpload.ServerCPU, false, 1.2, ""},
	{Culvert, UDP1200, udpload.Loss, false, 0, ""},
	{Culvert, UDPBeside, udpload.Raised, false, 1.2, ""},
	{Culvert, IdleTunnels, tcpload.KiBPerConn, false, 10, ""},
	// Two each; the pools of both ends, some hundred, come and go.
	{Culvert, IdleTunnels, tcpload.FDPerConn, false, 2.02, ""},
	{Culvert, SilentPeers, tcpload.Raised, false, 1.2, ""},

	// As it comes, with encryption and resumption.
	{CulvertTLS, Up1, tcpload.Rate, true, 2.4, FRP},
	{CulvertTLS, Up1, tcpload.Rate, true, 1.4, FRPTLS},
	{CulvertTLS, Down1, tcpload.Rate, true, 2.4, FRP},
	{CulvertTLS, Down1, tcpload.Rate, true, 1.4, FRPTLS},
	{CulvertTLS, Up8, tcpload.Rate, true, 2, FRP},
	{CulvertTLS, Up8, tcpload.Rate, true, 1.15, FRPTLS},
	{CulvertTLS, Down8, tcpload.Rate, true, 2, FRP},
	{CulvertTLS, Down8, tcpload.Rate, true, 1.15, FRPTLS},
	{CulvertTLS, Up1, tcpload.ServerCPU, false, 0.42, ""},
	{CulvertTLS, Down1, tcpload.ServerCPU, false, 0.42, ""},
	{CulvertTLS, FirstByte, tcpload.PerPing, false, 1.05, ""},
	{CulvertTLS, Setup32, tcpload.ConnsPerS, true, 1, FRP},
	{CulvertTLS, IdleTunnels, tcpload.ProviderKiB, false, 32, ""},
	{CulvertTLS, IdleTunnels, tcpload.VisitorKiB, false, 32, ""},

	// The limits of CPU and latency again, as what they were of the references
	// where they were set: a machine that is slower is so for these too.
	{Culvert, Up1, tcpload.ServerCPU, false, 1.12, RefSplice},
	{Culvert, Down1, tcpload.ServerCPU, false, 1.12, RefSplice},
	{Culvert, Setup32, tcpload.ServerPerConn, false, 1.18, RefHybrid},
	{Culvert, PingBulk, tcpload.P50, false, 1.5, RefHybrid},
	{Culvert, UDP64, udpload.ServerCPU, false, 1.9, RefUDP},
}
