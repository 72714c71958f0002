// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/culvertd/culvert/test/lab/emulate"
	"github.com/culvertd/culvert/test/process"
)

// TestTheLabIsWhatItSays: without this a tunnel that is not needed would pass
// every other test. Both ends reach the gateway, and neither reaches the other
// or is reached from outside.
func TestTheLabIsWhatItSays(t *testing.T) {
	n := newNetwork(t, nil)
	for _, ns := range []string{gateway, provider} {
		p := process.Start(t, nil, in(ns, tool(t, "serve", ":8080")...))
		p.Says(t, "serving", 10*time.Second)
	}
	for _, tc := range []struct {
		from, host string
		reached    bool
	}{
		{visitor, gatewayHost, true},
		{provider, gatewayHost, true},
		{provider, "127.0.0.1", true},
		{visitor, "192.168.2.2", false},
		{visitor, "198.51.100.2", false},
		{gateway, "192.168.2.2", false},
		{gateway, "198.51.100.2", false},
	} {
		argv := in(tc.from, "curl", "-s", "-o", "/dev/null", "--connect-timeout", "1", "http://"+tc.host+":8080/file?size=1")
		if err := exec.Command(argv[0], argv[1:]...).Run(); (err == nil) != tc.reached {
			t.Errorf("%s to %s: reached %v, want %v", tc.from, tc.host, err == nil, tc.reached)
		}
	}
	unblock := n.block(t, natA, "tcp dport 8080 drop")
	argv := in(visitor, "curl", "-s", "--connect-timeout", "1", "http://"+gatewayHost+":8080/file?size=1")
	if exec.Command(argv[0], argv[1:]...).Run() == nil {
		t.Error("a blocked port is reached")
	}
	unblock()
	n.must(t, "", argv...)
}

// TestTheEmulatorIsWhatItSays: a delay is at least what was asked for, losses
// are those of the seed, and files still arrive.
func TestTheEmulatorIsWhatItSays(t *testing.T) {
	line := badLine
	n := newNetwork(t, &line)
	p := process.Start(t, nil, in(gateway, tool(t, "serve", ":8080")...))
	p.Says(t, "serving", 10*time.Second)
	// The time of a handshake, a round trip.
	out := n.must(t, visitor, "curl", "-s", "-o", "/dev/null", "-w", "%{time_connect}", "http://"+gatewayHost+":8080/file?size=1")
	if took, err := strconv.ParseFloat(out, 64); err != nil || took < 2*line.Delay.Seconds() {
		t.Errorf("a round trip takes %s s, want at least twice %v", out, line.Delay)
	}
	const size = 4 << 20
	if got, want := n.download(t, "http://"+gatewayHost+":8080/file", size), hashOf(t, file(size)); got != want {
		t.Errorf("the file arrives with hash %s, want %s", got, want)
	}
	if _, lost := n.links[natA].Stats(); lost == 0 {
		t.Error("no frame was lost")
	}
}

// badLine is a mobile network on a bad day: 40 ms to the gateway and back,
// frames that change places, and one in two hundred lost.
var badLine = emulate.Settings{Delay: 20 * time.Millisecond, Jitter: 5 * time.Millisecond, Loss: 0.005, Seed: 3}
