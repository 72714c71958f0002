// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/culvertd/culvert/test/process"
)

// names answers questions of DNS: N.lan has the address 10.0.0.N.
func names(b []byte, _ net.Addr) [][]byte {
	var m dnsmessage.Message
	if m.Unpack(b) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Response, m.Additionals = true, nil
	label, _, _ := strings.Cut(q.Name.String(), ".")
	if n, err := strconv.ParseUint(label, 10, 8); err == nil && q.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
			Body:   &dnsmessage.AResource{A: [4]byte{10, 0, 0, byte(n)}},
		}}
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return [][]byte{out}
}

// TestUDPCommand: the real programs publish a DNS server in one line, at a port that
// is the same after each of them was killed; many ask at once, and each gets its own
// answer.
func TestUDPCommand(t *testing.T) {
	low := process.FreePort(t)
	g := process.StartGateway(t, process.GatewayConfig{Programs: programs(t), Culvert: fmt.Sprintf("ports udp %d-%d", low, low+4)})
	dns := answering(t, "dns", 0, names)
	dir := t.TempDir()
	env := process.Environment(dir, "CULVERT_HOME="+filepath.Join(dir, "culvert"), "CULVERT_TOKEN="+g.Token(t, "home"), "CULVERT_SERVER="+g.URL())
	run := func(args ...string) *process.Process {
		return process.Start(t, env, append([]string{programs(t).Client, "udp", fmt.Sprintf("127.0.0.1:%d", dns.LocalPort)}, args...))
	}
	prints := func(p *process.Process, want string) {
		t.Helper()
		process.Until(t, 20*time.Second, func() bool { return strings.HasSuffix(p.Stdout.String(), "\n") }, "the URL is printed")
		if got := p.Stdout.String(); got != want {
			t.Fatalf("%q is printed, want %q", got, want)
		}
	}
	at := fmt.Sprintf("127.0.0.1:%d", low+2)
	ask := func(when string) {
		t.Helper()
		r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp", at)
		}}
		var asking sync.WaitGroup
		for n := range 50 {
			asking.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				name, want := fmt.Sprintf("%d.lan.", n), fmt.Sprintf("10.0.0.%d", n)
				addrs, err := r.LookupHost(ctx, name)
				for err != nil && ctx.Err() == nil { // a few tries are all that a resolver has
					addrs, err = r.LookupHost(ctx, name)
				}
				if err != nil || len(addrs) != 1 || addrs[0] != want {
					t.Errorf("%s: %s is %v, %v", when, name, addrs, err)
				}
			})
		}
		asking.Wait()
	}
	p := run("--port", strconv.Itoa(low+2))
	prints(p, "udp://"+at+"\n")
	ask("at first")
	g.Kill()
	g.Start(t)
	ask("after the gateway was killed")
	p.Kill()
	p = run("--json") // any port, and so the one that it had
	prints(p, `{"url":"udp://`+at+`"}`+"\n")
	ask("after the client was killed")
	if s := p.Stderr.String(); strings.Contains(s, "\x1b") {
		t.Errorf("stderr, which is no terminal, has %q", s)
	}
}
