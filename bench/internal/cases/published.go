// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"github.com/culvertd/culvert/bench/internal/httpload"
	"github.com/culvertd/culvert/bench/internal/tcpload"
)

// Caddy is its reverse proxy, in the same binary, before the service itself.
const Caddy = "caddy"

// The names of the cases of what is published.
const (
	HTTP32      = "http-32"
	PublicUp1   = "public-1-up"
	PublicDown1 = "public-1-down"
	PublicUp8   = "public-8-up"
	PublicDown8 = "public-8-down"
)

// Published has the cases of what the public reaches: a website by its name, and
// a TCP port of the server's.
func Published(o TunnelOptions) []Tunnel {
	web := []string{Direct, Caddy, CulvertTLS, Culvert, FRP, FRPFast}
	ports := []string{Direct, Culvert, CulvertTLS, FRP, FRPFast}
	duration := "-duration=" + o.Duration.String()

	asked := []string{httpload.Rate, httpload.P50, httpload.P99, httpload.ServerCPU, httpload.ChainCPU}
	bulk := []string{tcpload.Rate, tcpload.ServerCPU, tcpload.ChainCPU}
	return []Tunnel{
		{Name: HTTP32, Load: []string{"http-load", "-conns=32", duration}, Servers: web, Columns: asked},
		{Name: PublicUp1, Load: []string{"tcp-throughput", duration}, Servers: ports, Columns: bulk},
		{Name: PublicDown1, Load: []string{"tcp-throughput", "-down", duration}, Servers: ports, Columns: bulk},
		{Name: PublicUp8, Load: []string{"tcp-throughput", "-streams=8", duration}, Servers: ports, Columns: bulk},
		{Name: PublicDown8, Load: []string{"tcp-throughput", "-streams=8", "-down", duration}, Servers: ports, Columns: bulk},
	}
}

// PublishedGoals are its targets.
var PublishedGoals = []Goal{
	{CulvertTLS, HTTP32, httpload.Rate, true, 0.5, Caddy},
	{CulvertTLS, HTTP32, httpload.Rate, true, 1.5, FRP},
	{Culvert, HTTP32, httpload.Rate, true, 0.5, Caddy},
	{Culvert, HTTP32, httpload.Rate, true, 1.5, FRP},
	{Culvert, PublicUp1, tcpload.Rate, true, 2.5, FRP},
	{Culvert, PublicUp1, tcpload.Rate, true, 1.1, FRPFast},
	{Culvert, PublicDown1, tcpload.Rate, true, 2.5, FRP},
	{Culvert, PublicDown1, tcpload.Rate, true, 1.1, FRPFast},
	{Culvert, PublicUp8, tcpload.Rate, true, 2.5, FRP},
	{Culvert, PublicUp8, tcpload.Rate, true, 1.1, FRPFast},
	{Culvert, PublicDown8, tcpload.Rate, true, 2.5, FRP},
	{Culvert, PublicDown8, tcpload.Rate, true, 1.1, FRPFast},
}
