// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tundelay

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"
)

func TestDelay(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if _, err := exec.LookPath("ping"); err != nil {
		t.Skip("no ping: ", err)
	}
	name := fmt.Sprintf("delay%d-", os.Getpid())
	n, err := Up(t.Context(),
		Leg{NS: name + "s", Addr: netip.MustParseAddr("10.78.0.1")},
		Leg{NS: name + "a", Addr: netip.MustParseAddr("10.78.0.2"), Delay: 15 * time.Millisecond})
	if err != nil {
		t.Skip("no network namespaces here: ", err)
	}
	out, err := exec.Command("ip", "netns", "exec", name+"a", "ping", "-c", "3", "-i", "0.2", "10.78.0.1").CombinedOutput()
	if err != nil {
		t.Errorf("ping: %v: %s", err, out)
	}
	for _, m := range regexp.MustCompile(`time=([0-9.]+) ms`).FindAllSubmatch(out, -1) {
		if ms, err := strconv.ParseFloat(string(m[1]), 64); err != nil || ms < 30 || ms > 100 {
			t.Errorf("a round trip of %s ms, want 30 and a little", m[1])
		}
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat("/run/netns/" + name + "a"); err == nil {
		t.Error("the namespace is still there")
	}
}
