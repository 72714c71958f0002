// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/test/lab/emulate"
	"github.com/culvertd/culvert/test/process"
)

const (
	gatewayPort = 8080
	relayPort   = 9001
	hearPort    = 7000 // of a service that a test may run
)

// tunnel is the lab with our programs in it: a gateway, a client that offers
// the applications at the provider, and one that uses them at the visitor.
type tunnel struct {
	*apps
	gw                *process.Gateway
	provider, visitor *process.Client
}

// newTunnel runs it all; prepare changes the network before the clients start,
// limits are lines for the Caddyfile.
func newTunnel(t *testing.T, line *emulate.Settings, prepare func(*network), limits ...string) *tunnel {
	t.Helper()
	n := newNetwork(t, line)
	r := &tunnel{apps: startApps(t, n, provider)}
	r.gw = process.StartGateway(t, process.GatewayConfig{
		Programs: programs, Wrap: in(gateway), Host: gatewayHost, Port: gatewayPort, RelayPort: relayPort,
		Culvert: strings.Join(limits, "\n"),
	})
	if prepare != nil {
		prepare(n)
	}
	services := []process.Service{
		{ID: "web", Protocol: "http", LocalPort: webPort},
		{ID: "ssh", Protocol: "tcp", LocalPort: sshPort},
		{ID: "iperf", Protocol: "tcp", LocalPort: iperfPort},
		{ID: "iperf-udp", Protocol: "udp", LocalPort: iperfPort, LocalHost: "127.0.0.1"},
		{ID: "dns", Protocol: "udp", LocalPort: dnsPort, LocalHost: "127.0.0.1"},
		{ID: "dns-tcp", Protocol: "tcp", LocalPort: dnsPort},
		{ID: "hear", Protocol: "tcp", LocalPort: hearPort, Encryption: "none"},
	}
	r.provider = process.StartClient(t, process.ClientConfig{
		Wrap: in(provider), Programs: programs, Token: r.gw.Token(t, "home"),
		ServerURL: r.gw.URL(), ClientID: "home", Services: services,
	})
	r.provider.Online(t, 20*time.Second)
	var connects []process.Connect
	for _, s := range services {
		connects = append(connects, process.Connect{Target: "home", Service: s.ID, Local: fmt.Sprintf("127.0.0.1:%d", s.LocalPort), Encryption: s.Encryption})
	}
	r.visitor = process.StartClient(t, process.ClientConfig{
		Wrap: in(visitor), Programs: programs, Token: r.gw.Token(t, "road"),
		ServerURL: r.gw.URL(), ClientID: "road", Connects: connects,
	})
	r.visitor.Online(t, 20*time.Second)
	return r
}

// fetches reports whether a new connection gets through the tunnel.
func (r *tunnel) fetches() bool {
	argv := in(visitor, "curl", "-s", "--fail", "--max-time", "2", "-o", "/dev/null", "http://"+r.web+"/file?size=1000")
	return exec.Command(argv[0], argv[1:]...).Run() == nil
}

// recovers waits until TCP and UDP pass again, over sessions of each kind. Once
// is not enough: each session has channels that were ready before the change,
// and whoever gets one of them is reset.
func (r *tunnel) recovers(t *testing.T) {
	t.Helper()
	good := 0
	process.Until(t, time.Minute, func() bool {
		if good++; !r.fetches() || !r.greets() || !r.resolves() {
			good = 0
		}
		return good == 5
	}, "connections and datagrams get through again")
}

// greets reports whether a server that speaks first is heard.
func (r *tunnel) greets() bool {
	argv := in(visitor, "bash", "-c", fmt.Sprintf("read -rt 2 line </dev/tcp/127.0.0.1/%d && [[ $line == SSH* ]]", sshPort))
	return !has("sshd") || exec.Command(argv[0], argv[1:]...).Run() == nil
}

// resolves reports whether a datagram gets through the tunnel, and its answer.
func (r *tunnel) resolves() bool {
	argv := in(visitor, "dig", "@127.0.0.1", "-p", fmt.Sprint(dnsPort), "+tries=1", "+time=1", "+short", "small.lab.test")
	return !has("dig") || exec.Command(argv[0], argv[1:]...).Run() == nil
}

// size of a large file: whole in soak runs.
func size(small, full int64) int64 {
	if os.Getenv("CULVERT_SOAK") != "" {
		return full
	}
	return small
}

// TestApplications is what a tunnel is for: everything works between two
// machines behind two NATs.
func TestApplications(t *testing.T) {
	r := newTunnel(t, nil, nil)
	r.all(t, size(64<<20, 512<<20), size(256<<20, 1<<30))
	for _, c := range []*process.Client{r.provider, r.visitor} {
		if s := c.Status(t); s.Transport != "relay" {
			t.Errorf("%s uses the transport %q, want the relay", s.ClientID, s.Transport)
		}
	}
}

// TestBadNetwork is the same over lines with delay, reordering and loss.
func TestBadNetwork(t *testing.T) {
	line := badLine
	r := newTunnel(t, &line, nil)
	r.all(t, 2<<20, 8<<20)
}

// TestRelayPortBlocked: a firewall lets the web through and nothing else. The
// clients find the way by themselves, and soon.
func TestRelayPortBlocked(t *testing.T) {
	for name, what := range map[string]struct {
		nat  []string
		rule string
	}{
		"at the visitor":                 {[]string{natA}, "meta l4proto { tcp, udp } th dport 9001 drop"},
		"at both":                        {[]string{natA, natB}, "meta l4proto { tcp, udp } th dport 9001 drop"},
		"at the visitor, with a refusal": {[]string{natA}, "tcp dport 9001 reject with tcp reset"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newTunnel(t, nil, func(n *network) {
				for _, nat := range what.nat {
					n.block(t, nat, what.rule)
				}
			})
			process.Until(t, 10*time.Second, func() bool {
				return r.visitor.Status(t).Transport == "websocket"
			}, "the visitor uses WebSocket")
			if len(what.nat) == 1 {
				t.Run("curl", func(t *testing.T) { r.curl(t, 16<<20) })
				t.Run("dig", r.dig)
				return
			}
			r.all(t, 4<<20, 16<<20)
		})
	}
}

// TestUDPBlocked: datagrams travel over TCP where UDP does not pass.
func TestUDPBlocked(t *testing.T) {
	for name, nat := range map[string]string{"at the visitor": natA, "at the provider": natB} {
		t.Run(name, func(t *testing.T) {
			r := newTunnel(t, nil, func(n *network) { n.block(t, nat, "udp dport 9001 drop") })
			// The first datagrams of a session may be lost while the ends find
			// out. iperf3 sends its first one once, and gives up.
			stray := fmt.Sprintf("for n in 1 2 3; do echo >/dev/udp/127.0.0.1/%d; sleep 1; done", iperfPort)
			r.must(t, visitor, "bash", "-c", stray)
			t.Run("iperf3", r.iperf)
			t.Run("dig", r.dig)
			if s := r.visitor.Status(t); s.Transport != "relay" {
				t.Errorf("the visitor uses the transport %q for TCP, want the relay", s.Transport)
			}
		})
	}
}

// TestFallbackIsQuick: a running visitor whose relay port is closed from one
// moment to the next gets its next connection through within 3 s of trying,
// which is the time that the first one may cost.
func TestFallbackIsQuick(t *testing.T) {
	r := newTunnel(t, nil, nil)
	if !r.fetches() {
		t.Fatal("nothing gets through before the block")
	}
	r.block(t, natA, "tcp dport 9001 drop")
	began := time.Now()
	process.Until(t, 20*time.Second, r.fetches, "a connection gets through")
	// Not 3 s: warm channels that are blocked in the middle are only noticed
	// by use, and the machine may be busy.
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the first connection after the block took %v", took)
	}
}

// quickHeartbeats shortens the time that a client behind a NAT box that has
// forgotten it needs to find out: it has nothing else to send.
const quickHeartbeats = "heartbeat_interval 2s\nheartbeat_timeout 6s"

// TestAddressChanges: a NAT box gets another address, as at home every night.
// The clients behind it come back by themselves.
func TestAddressChanges(t *testing.T) {
	for name, change := range map[string]struct{ nat, from, to, via string }{
		"the visitor's":  {natA, "203.0.113.2/29", "203.0.113.3/29", "203.0.113.1"},
		"the provider's": {natB, "198.51.100.2/29", "198.51.100.3/29", "198.51.100.1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newTunnel(t, nil, nil, quickHeartbeats)
			if !r.fetches() {
				t.Fatal("nothing gets through before the change")
			}
			r.must(t, change.nat, "ip", "addr", "del", change.from, "dev", "wan")
			r.must(t, change.nat, "ip", "addr", "add", change.to, "dev", "wan")
			r.must(t, change.nat, "ip", "route", "replace", "default", "via", change.via)
			r.recovers(t)
			t.Run("ssh", func(t *testing.T) { r.ssh(t, 1<<20) })
			t.Run("dig", r.dig)
		})
	}
}

// TestTableOfTheNATIsLost: the box restarts with the same address, so that
// packets of old connections are those of nobody.
func TestTableOfTheNATIsLost(t *testing.T) {
	r := newTunnel(t, nil, nil, quickHeartbeats)
	if !r.fetches() {
		t.Fatal("nothing gets through before the loss")
	}
	for _, nat := range []string{natA, natB} {
		r.must(t, nat, "ip", "link", "set", "wan", "down")
		r.must(t, nat, "ip", "link", "set", "wan", "up")
		via := map[string]string{natA: "203.0.113.1", natB: "198.51.100.1"}[nat]
		r.must(t, nat, "ip", "route", "replace", "default", "via", via)
	}
	r.recovers(t)
	t.Run("ssh", func(t *testing.T) { r.ssh(t, 1<<20) })
	t.Run("dig", r.dig)
}

// TestHalfOpen: the visitor's network vanishes without a word. The service of a
// bare channel, which cannot be resumed, is told by a reset when session_timeout
// is over, and the application when its network is back: nobody waits for ever,
// and nobody takes it for a good end.
func TestHalfOpen(t *testing.T) {
	r := newTunnel(t, new(emulate.Settings), nil, "session_timeout 3s")
	address := fmt.Sprintf("127.0.0.1:%d", hearPort)
	service := process.Start(t, nil, in(provider, tool(t, "hear", address)...))
	service.Says(t, "listening", 10*time.Second)
	app := process.Start(t, nil, in(visitor, tool(t, "tick", address)...))
	service.Says(t, "accepted", 20*time.Second)
	time.Sleep(5 * time.Second) // longer than the limit, but not silent
	if said := service.Stderr.String() + app.Stderr.String(); strings.Contains(said, "ended") {
		t.Fatalf("a connection over which bytes move has ended:\n%s", said)
	}

	r.links[natA].Cut(true)
	service.Says(t, "ended by reset", 20*time.Second)
	if said := app.Stderr.String(); strings.Contains(said, "ended") {
		t.Errorf("the application is told of it through a network that is not there:\n%s", said)
	}
	r.links[natA].Cut(false)
	app.Says(t, "ended by reset", 60*time.Second)
	process.Until(t, 30*time.Second, r.fetches, "a connection gets through")
}

// TestGatewayIsKilled: clients are back soon after the gateway is.
func TestGatewayIsKilled(t *testing.T) {
	r := newTunnel(t, nil, nil)
	r.gw.Kill()
	if r.fetches() {
		t.Fatal("something gets through without a gateway")
	}
	r.gw.Start(t)
	process.Until(t, 20*time.Second, r.fetches, "a connection gets through")
	t.Run("dig", r.dig)
}
