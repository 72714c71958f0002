// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"testing"
	"time"
)

// TestShortHeartbeats: an operator's short times hold for clients from their
// first second on, although a client begins with its own, longer ones.
func TestShortHeartbeats(t *testing.T) {
	s := startSite(t, "heartbeat_interval 1s\nheartbeat_timeout 3s")
	x := s.open(t, ways[0])
	since := [2]time.Time{x.provider.Status().Since, x.visitor.Status().Since}
	time.Sleep(7 * time.Second)
	if now := [2]time.Time{x.provider.Status().Since, x.visitor.Status().Since}; now != since {
		t.Errorf("silent clients are online since %v, and were since %v", now, since)
	}
}
