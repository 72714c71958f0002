// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/store"
)

func TestBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b blocks
		has := func(addr string) bool { return b.has(netip.MustParseAddr(addr)) }
		if has("192.0.2.1") || b.has(netip.Addr{}) {
			t.Error("blocked before there is a list")
		}
		p := netip.MustParsePrefix
		soon := time.Now().Add(time.Minute)
		b.set([]store.Block{
			{Prefix: p("192.0.2.0/24")},
			{Prefix: p("198.51.100.7/32"), ExpiresAt: soon},
			{Prefix: p("203.0.113.9/25")}, // not masked
			{Prefix: p("2001:db8::/32")},
			{Prefix: p("10.0.0.0/8"), ExpiresAt: soon},
			{Prefix: p("10.0.0.0/8"), ExpiresAt: soon.Add(time.Minute)},
		})
		for addr, want := range map[string]bool{
			"192.0.2.1": true, "::ffff:192.0.2.1": true, "192.0.3.1": false,
			"198.51.100.7": true, "198.51.100.8": false,
			"203.0.113.1": true, "203.0.113.200": false,
			"2001:db8::1": true, "2001:db9::1": false, "2001:db8::1%eth0": true,
			"10.1.1.1": true,
		} {
			if has(addr) != want {
				t.Errorf("%s: %v", addr, !want)
			}
		}
		if b.has(netip.Addr{}) {
			t.Error("no address is blocked")
		}
		time.Sleep(time.Minute)
		if has("198.51.100.7") || !has("10.1.1.1") || !has("192.0.2.1") {
			t.Error("after a minute")
		}
		b.set(nil)
		if has("192.0.2.1") {
			t.Error("after all are lifted")
		}
	})
}
