// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/test/lab/emulate"
	"github.com/culvertd/culvert/test/process"
)

// place is where a client is: a network of its own behind a NAT box of its own.
type place struct {
	*network
	ns, nat string
	subnet  string // between the box and the core
	own     int    // last number of the client's address, 2 or 3
	outer   int    // last number of the box's address
}

// pair is a visitor and a provider that know only each other, so that several
// pairs can have their own faults at the same time.
type pair struct {
	n                 int
	visitor, provider *place
	road, home        *process.Client
	dial, serve       *steer
	transport         string // of both clients; empty is auto
}

// pairs is the lab with one gateway and several pairs. Their places are like
// those of the package's comment.
type pairs struct {
	*network
	gw  *process.Gateway
	all []*pair
}

const (
	flowPort  = 7100 // at the provider
	localPort = 7000 // and those after it, at the visitor
)

// newPairs runs the gateway and the clients.
func newPairs(t *testing.T, count int, line *emulate.Settings, limits string) *pairs {
	t.Helper()
	r := &pairs{network: bareNetwork(t)}
	r.gw = process.StartGateway(t, process.GatewayConfig{
		Programs: programs, Wrap: in(gateway), Host: gatewayHost, Port: gatewayPort, RelayPort: relayPort, Culvert: limits,
	})
	for i := range count {
		p := &pair{n: i, visitor: r.place(t, visitor, 2*i, line), provider: r.place(t, provider, 2*i+1, line)}
		r.all = append(r.all, p)
	}
	return r
}

// place makes the networks of one client.
func (n *network) place(t *testing.T, kind string, number int, line *emulate.Settings) *place {
	t.Helper()
	p := &place{
		network: n, ns: fmt.Sprintf("%s-%d", kind, number), nat: fmt.Sprintf("nat-%d", number),
		subnet: fmt.Sprintf("100.64.%d", number), own: 2, outer: 2,
	}
	n.namespace(t, p.ns)
	n.namespace(t, p.nat)
	n.wire(t, p.ns, "lan", "192.168.1.2/24", p.nat, "lan", "192.168.1.1/24")
	n.uplink(t, p.nat, p.subnet+".2/29", p.subnet+".1/29", line)
	n.must(t, p.ns, "ip", "route", "add", "default", "via", "192.168.1.1")
	n.must(t, p.nat, "ip", "route", "add", "default", "via", p.subnet+".1")
	n.masquerade(t, p.nat)
	return p
}

// moves gives the client another address, as when a laptop changes networks.
func (p *place) moves(t *testing.T) {
	t.Helper()
	old := p.own
	p.own = 5 - old
	p.readdress(t, p.ns, "lan", "192.168.1", "/24", old, p.own)
}

// renumbered gives the NAT box another address outside, as at home every
// night; the client is not told.
func (p *place) renumbered(t *testing.T) {
	t.Helper()
	old := p.outer
	p.outer = 5 - old
	p.readdress(t, p.nat, "wan", p.subnet, "/29", old, p.outer)
}

func (p *place) readdress(t *testing.T, ns, dev, subnet, bits string, old, now int) {
	t.Helper()
	argv := in(ns, "ip", "-batch", "-")
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = strings.NewReader(fmt.Sprintf("addr del %s.%d%s dev %s\naddr add %s.%d%s dev %s\nroute replace default via %s.1\n",
		subnet, old, bits, dev, subnet, now, bits, dev, subnet))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("another address in %s: %v\n%s", ns, err, out)
	}
}

// reset kills the gateway's sockets for this client's channels; both sides of
// each get a reset. Over WebSocket that is its signaling, too.
func (p *place) reset(t *testing.T, path string) {
	t.Helper()
	port := relayPort
	if path == "websocket" {
		port = gatewayPort
	}
	p.must(t, gateway, "ss", "--tcp", "--kill", "--no-header", "sport", "=", fmt.Sprintf(":%d", port),
		"and", "dst", fmt.Sprintf("%s.%d", p.subnet, p.outer))
}

// run starts the pair's clients and count flows between them, with ids from
// first on. The flows are the first service.
func (p *pair) run(t *testing.T, gw *process.Gateway, seed uint64, first, count int, more ...process.Service) {
	t.Helper()
	p.serve = startFlows(t, p.provider.ns, "flow-serve", fmt.Sprintf("127.0.0.1:%d", flowPort), seed)
	p.clients(t, gw, append([]process.Service{{ID: "flows", Protocol: "tcp", LocalPort: flowPort}}, more...)...)
	p.dial = startFlows(t, p.visitor.ns, "flow-dial", p.local(0), seed, fmt.Sprint(first), fmt.Sprint(count))
	process.Until(t, 30*time.Second, func() bool { return p.flowing(t, count, 0) }, "%d flows of pair %d move", count, p.n)
}

// local is where the visitor has the service with this index.
func (p *pair) local(service int) string { return fmt.Sprintf("127.0.0.1:%d", localPort+service) }

// clients starts both tunnelclients; the visitor has each service at a port of
// its own.
func (p *pair) clients(t *testing.T, gw *process.Gateway, services ...process.Service) {
	t.Helper()
	home, road := fmt.Sprintf("home-%d", p.n), fmt.Sprintf("road-%d", p.n)
	p.home = process.StartClient(t, process.ClientConfig{
		Wrap: in(p.provider.ns), Programs: programs, Token: gw.Token(t, home),
		ServerURL: gw.URL(), ClientID: home, Services: services, Transport: p.transport,
	})
	p.home.Online(t, 20*time.Second)
	var connects []process.Connect
	for i, s := range services {
		connects = append(connects, process.Connect{Target: home, Service: s.ID, Local: p.local(i), Encryption: s.Encryption})
	}
	p.road = process.StartClient(t, process.ClientConfig{
		Wrap: in(p.visitor.ns), Programs: programs, Token: gw.Token(t, road),
		ServerURL: gw.URL(), ClientID: road, Connects: connects, Transport: p.transport,
	})
	p.road.Online(t, 20*time.Second)
}

// flowing reports whether on all paced flows of the pair something has arrived,
// both ways, that was written after since. So all before it has, too.
func (p *pair) flowing(t *testing.T, count int, since int64) bool {
	t.Helper()
	for _, s := range []*steer{p.dial, p.serve} {
		st := s.state(t, since)
		if len(st.Failed) > 0 {
			t.Fatalf("flows of %s have failed: %q", s.name, st.Failed)
		}
		if st.Flows != count || len(st.Stands) > 0 {
			return false
		}
	}
	return true
}

// describe is for who has to find out why flows stand.
func (p *pair) describe(t *testing.T, since int64) string {
	t.Helper()
	var b strings.Builder
	for _, s := range []*steer{p.dial, p.serve} {
		fmt.Fprintf(&b, "%s: these flows have got nothing new: %v\n", s.name, s.state(t, since).Stands)
	}
	for _, c := range []*process.Client{p.road, p.home} {
		for _, s := range c.Status(t).Streams {
			fmt.Fprintf(&b, "%+v\n", s)
		}
	}
	return b.String()
}

// look returns what streams of the pair have sent and not confirmed, both ways,
// and the path that most of them use at each end: it is that of the end's own
// leg, so that the two may differ.
func (p *pair) look(t *testing.T) (unacked uint64, paths map[*place]string) {
	t.Helper()
	paths = make(map[*place]string)
	for at, c := range map[*place]*process.Client{p.visitor: p.road, p.provider: p.home} {
		count := make(map[string]int)
		for _, s := range c.Status(t).Streams {
			unacked += s.Unacked
			if count[s.Path]++; s.Path != "" && count[s.Path] > count[paths[at]] {
				paths[at] = s.Path
			}
		}
	}
	return unacked, paths
}
