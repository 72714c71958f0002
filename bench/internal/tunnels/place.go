// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnels

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"time"

	"github.com/culvertd/culvert/bench/internal/tundelay"
)

// host is where one part of a chain runs.
type host struct {
	addr  string // at which the others reach it
	netns string // ""; none
}

// place is where the parts of a chain run. The service is with the provider,
// the load with the visitor.
type place struct{ server, provider, visitor host }

func loopback() place {
	h := host{addr: "127.0.0.1"}
	return place{h, h, h}
}

// delayed makes namespaces with 40 ms of round trip between either end and the
// server. The caller closes the network.
func delayed(ctx context.Context) (place, *tundelay.Net, error) {
	const half = 20 * time.Millisecond
	name := fmt.Sprintf("bench%d-", os.Getpid())
	p := place{
		server:   host{addr: "10.77.0.1", netns: name + "s"},
		provider: host{addr: "10.77.0.2", netns: name + "a"},
		visitor:  host{addr: "10.77.0.3", netns: name + "b"},
	}
	leg := func(h host, delay time.Duration) tundelay.Leg {
		return tundelay.Leg{NS: h.netns, Addr: netip.MustParseAddr(h.addr), Delay: delay}
	}
	n, err := tundelay.Up(ctx, leg(p.server, 0), leg(p.provider, half), leg(p.visitor, half))
	return p, n, err
}

// command makes a command that runs there.
func (h host) command(ctx context.Context, env []string, program string, args ...string) *exec.Cmd {
	if h.netns != "" {
		// It replaces itself by the program, so its pid is the program's.
		args = append([]string{"netns", "exec", h.netns, program}, args...)
		program = "ip"
	}
	c := exec.CommandContext(ctx, program, args...)
	c.Env = append(os.Environ(), env...)
	return c
}
