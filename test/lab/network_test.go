// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/culvertd/culvert/test/lab/emulate"
)

// The namespaces, in the words of the package's comment.
const (
	visitor  = "visitor"
	provider = "provider"
	natA     = "nat-a"
	natB     = "nat-b"
	gateway  = "gateway"

	gatewayHost = "192.0.2.2"
)

// network is the lab, without any program of ours.
type network struct {
	links map[string]*emulate.Link // by NAT
}

// newNetwork builds the lab and takes it apart after the test. The lines
// between the NATs and the core behave as line says; nil is a perfect one.
func newNetwork(t *testing.T, line *emulate.Settings) *network {
	t.Helper()
	n := bareNetwork(t)
	for _, name := range []string{visitor, natA, natB, provider} {
		n.namespace(t, name)
	}
	n.wire(t, visitor, "lan", "192.168.1.2/24", natA, "lan", "192.168.1.1/24")
	n.wire(t, provider, "lan", "192.168.2.2/24", natB, "lan", "192.168.2.1/24")
	n.uplink(t, natA, "203.0.113.2/29", "203.0.113.1/29", line)
	n.uplink(t, natB, "198.51.100.2/29", "198.51.100.1/29", line)
	for from, via := range map[string]string{
		visitor: "192.168.1.1", provider: "192.168.2.1", natA: "203.0.113.1", natB: "198.51.100.1",
	} {
		n.must(t, from, "ip", "route", "add", "default", "via", via)
	}
	n.masquerade(t, natA)
	n.masquerade(t, natB)
	return n
}

// bareNetwork is the gateway's alone.
func bareNetwork(t *testing.T) *network {
	t.Helper()
	if lacking != "" {
		t.Skip("SKIP tunnel lab: " + lacking)
	}
	n := &network{links: make(map[string]*emulate.Link)}
	n.namespace(t, gateway)
	n.wire(t, gateway, "wan", gatewayHost+"/30", "", "gateway", "192.0.2.1/30")
	n.must(t, gateway, "ip", "route", "add", "default", "via", "192.0.2.1")
	return n
}

func (n *network) namespace(t *testing.T, name string) {
	t.Helper()
	n.must(t, "", "ip", "netns", "add", name)
	t.Cleanup(func() { n.must(t, "", "ip", "netns", "del", name) })
	n.must(t, name, "ip", "link", "set", "lo", "up")
	n.must(t, name, "sysctl", "-qw", "net.ipv4.ip_forward=1")
}

// wire lays a cable between two namespaces; an empty name is the core.
func (n *network) wire(t *testing.T, a, aDev, aAddr, b, bDev, bAddr string) {
	t.Helper()
	args := []string{"ip", "link", "add", aDev, "netns", a, "type", "veth", "peer", "name", bDev}
	if b != "" {
		args = append(args, "netns", b)
	}
	n.must(t, "", args...)
	if b == "" { // or it is still there for a moment after its namespace has gone
		t.Cleanup(func() { n.must(t, "", "ip", "link", "del", bDev) })
	}
	for _, end := range [][3]string{{a, aDev, aAddr}, {b, bDev, bAddr}} {
		if end[2] != "" {
			n.must(t, end[0], "ip", "addr", "add", end[2], "dev", end[1])
		}
		n.must(t, end[0], "ip", "link", "set", end[1], "up")
	}
}

// uplink connects a NAT to the core.
func (n *network) uplink(t *testing.T, nat, outside, inside string, line *emulate.Settings) {
	t.Helper()
	if line == nil {
		n.wire(t, nat, "wan", outside, "", nat, inside)
		return
	}
	// Two cables, and the emulator where they meet.
	far, near, core := nat+"-far", nat+"-near", nat
	n.wire(t, nat, "wan", outside, "", far, "")
	n.must(t, "", "ip", "link", "add", near, "type", "veth", "peer", "name", core)
	n.must(t, "", "ip", "addr", "add", inside, "dev", core)
	t.Cleanup(func() { n.must(t, "", "ip", "link", "del", near) })
	for _, dev := range []string{near, core} {
		n.must(t, "", "ip", "link", "set", dev, "up")
	}
	if err := emulate.NoOffload(core); err != nil {
		t.Fatal(err)
	}
	// A device in another namespace is out of this process's reach.
	n.must(t, nat, tool(t, "no-offload", "wan")...)
	link, err := emulate.Join(far, near, *line)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		passed, lost := link.Stats()
		t.Logf("%s: %d frames passed, %d lost", nat, passed, lost)
		if err := link.Close(); err != nil {
			t.Error(err)
		}
	})
	n.links[nat] = link
}

// masquerade makes a NAT box like the ones at home. Without the rule for input
// a stray packet from outside makes an entry in its table, and silently turns
// an easy NAT into a hard one.
func (n *network) masquerade(t *testing.T, nat string) {
	t.Helper()
	n.nft(t, nat, `
		table ip nat { chain post { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }; }
		table ip filter {
			chain input { type filter hook input priority filter; iifname "wan" ct state new drop; }
			chain forward { type filter hook forward priority filter; iifname "wan" ct state new drop; }
		}`)
}

// block adds a rule for what a NAT box forwards, such as "tcp dport 9001 drop",
// until the returned function is called.
func (n *network) block(t *testing.T, nat, rule string) (unblock func()) {
	t.Helper()
	n.nft(t, nat, fmt.Sprintf(`table ip block { chain forward { type filter hook forward priority -10; %s; }; }`, rule))
	return func() { n.nft(t, nat, "delete table ip block") }
}

func (n *network) nft(t *testing.T, ns, rules string) {
	t.Helper()
	argv := in(ns, "nft", "-f", "-")
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft in %s: %v\n%s", ns, err, out)
	}
}

// must runs a command in a namespace and returns its output.
func (n *network) must(t *testing.T, ns string, argv ...string) string {
	t.Helper()
	argv = in(ns, argv...)
	cmd := exec.Command(argv[0], argv[1:]...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

// in returns the command that runs argv in a namespace; an empty name is the
// core's.
func in(ns string, argv ...string) []string {
	if ns == "" {
		return argv
	}
	return append([]string{"ip", "netns", "exec", ns}, argv...)
}
