// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/wire"
)

// atPort is a service of a protocol that wants a port of one.
func atPort(id, service, protocol string, port int) wire.Service {
	v := wire.Service{ID: id, Protocol: service, Publish: &wire.Publish{TCP: &port}}
	if protocol == wire.UDP {
		v.Publish = &wire.Publish{UDP: &port}
	}
	return v
}

// TestUDPPorts: they are given and told as those of TCP are, and a number of the one
// is not one of the other.
func TestUDPPorts(t *testing.T) {
	cfg := Config{
		TCPPorts: PortRange{20000, 20003}, UDPPorts: PortRange{20002, 20005}, PublicHost: "gw.example", MaxPortsPerAccount: 3,
	}
	peopled(t, cfg, func(t *testing.T, b *bed) {
		for _, tc := range []struct {
			token, name string
			services    []wire.Service
			want        string
		}{
			{"t1", "a", []wire.Service{atPort("x", "udp", "udp", 0), atPort("y", "tcp", "tcp", 20002)}, "x=udp://gw.example:20002 y=tcp://gw.example:20002"},
			{"t1", "b", []wire.Service{atPort("x", "udp", "udp", 20002), atPort("y", "udp", "udp", 20001)}, "x=" + wire.CodeNameTaken + " y=" + wire.CodeInvalid},
			{"t1", "c", []wire.Service{atPort("x", "tcp", "udp", 0), atPort("y", "http", "udp", 0), atPort("z", "udp", "tcp", 0)}, "x=" + wire.CodeInvalid + " y=" + wire.CodeInvalid + " z=" + wire.CodeInvalid},
			// The limit counts both.
			{
				"alice", "d",
				[]wire.Service{atPort("x", "udp", "udp", 0), atPort("y", "tcp", "tcp", 0), atPort("z", "http", "tcp", 0), atPort("v", "udp", "udp", 0)},
				"x=udp://gw.example:20003 y=tcp://gw.example:20000 z=tcp://gw.example:20001 v=" + wire.CodeLimit,
			},
			// What had a port of the other protocol gets one of this.
			{"t1", "a", []wire.Service{atPort("x", "tcp", "tcp", 0), atPort("y", "udp", "udp", 0)}, "x=tcp://gw.example:20003 y=udp://gw.example:20004"},
			{
				"t1", "e",
				[]wire.Service{atPort("x", "udp", "udp", 0), atPort("y", "udp", "udp", 0), atPort("z", "udp", "udp", 0)},
				"x=udp://gw.example:20002 y=udp://gw.example:20005 z=" + wire.CodeLimit,
			},
		} {
			p := b.join(tc.token, tc.name, "", tc.services...)
			if got := told(p.got); got != tc.want {
				t.Errorf("%s is told %q, want %q", tc.name, got, tc.want)
			}
		}
		for at, want := range map[Port]string{
			{"udp", 20002}: "e x", {"tcp", 20002}: " ", {"tcp", 20003}: "a x", {"udp", 20004}: "a y", {"udp", 20003}: "alice/d x", {"", 20002}: " ",
		} {
			n, _ := b.NamedPort(at)
			if got := n.Client + " " + n.Service; got != want {
				t.Errorf("%+v is %q, want %q", at, got, want)
			}
		}
	})
}

// TestUDPPortsOfReload: a protocol whose ports are taken away does not take those of
// the other.
func TestUDPPortsOfReload(t *testing.T) {
	cfg := Config{TCPPorts: PortRange{20000, 20000}, UDPPorts: PortRange{20000, 20000}, PublicHost: "gw.example"}
	peopled(t, cfg, func(t *testing.T, b *bed) {
		p := b.join("t1", "a", "", atPort("x", "udp", "udp", 0), atPort("y", "tcp", "tcp", 0))
		cfg.UDPPorts = PortRange{}
		b.Configure(cfg)
		r, _ := hear[wire.RegisterResponse](p, wire.TypeRegisterResponse)
		if got, want := told(r), "x="+wire.CodeNotPublished+" y=tcp://gw.example:20000"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if !strings.Contains(r.Published[0].Error, "ports udp in the Caddyfile") {
			t.Error(r.Published[0].Error)
		}
	})
}

// TestBadPorts are refused with the registration.
func TestBadPorts(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		p, _ := b.dial("t1")
		one, low, high := 1, -1, 65536
		for i, tc := range []struct {
			publish wire.Publish
			want    string
		}{
			{wire.Publish{UDP: &low}, "services[0].publish.udp is -1"},
			{wire.Publish{UDP: &high}, "services[0].publish.udp is 65536"},
			{wire.Publish{TCP: &high}, "services[0].publish.tcp is 65536"},
			{wire.Publish{UDP: &one, Host: "web"}, "services[0].publish has both host and udp"},
			{wire.Publish{TCP: &one, Host: "web"}, "services[0].publish has both host and tcp"},
			{wire.Publish{TCP: &one, UDP: &one}, "services[0].publish has both tcp and udp"},
		} {
			r := p.register("p", "", wire.Service{ID: "x", Protocol: wire.ServiceUDP, Publish: &tc.publish})
			if r.Success || r.Code != wire.CodeInvalid || !strings.Contains(r.Error, tc.want) {
				t.Errorf("%d: %s", i, cmp.Or(fmt.Sprint(r.Error), "it is taken"))
			}
		}
	})
}
