// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// TestSeveralUpstreams: what Caddy has for several upstreams works with services of
// several clients: turns, retries when one is away, and active health checks.
func TestSeveralUpstreams(t *testing.T) {
	s := startSite(t, "")
	s.body = `
handle_path /turns/* {
	reverse_proxy culvert/web.one culvert/web.two {
		transport culvert {
			dial_timeout 500ms
		}
		lb_policy round_robin
		lb_retries 1
	}
}
handle_path /checked/* {
	reverse_proxy culvert/web.one culvert/web.two {
		transport culvert {
			dial_timeout 500ms
		}
		lb_policy first
		health_uri /health
		health_interval 100ms
		health_timeout 5s
	}
}`
	s.load(t)
	var ill atomic.Bool // the service of one
	offer := func(name string, health func() bool) (stop func()) {
		port := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/health") && !health() {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			_, _ = io.WriteString(w, name)
		}))
		ctx, cancel := context.WithCancel(context.Background())
		s.clientUntil(ctx, t, tunnel.Config{
			ClientID: name, Key: newKey(t), Services: []wire.Service{published("web", port, "")},
			DrainTimeout: -1, // the checks would keep their connections busy
		})
		return cancel
	}
	stopOne := offer("one", func() bool { return !ill.Load() })
	stopTwo := offer("two", func() bool { return true })
	defer stopTwo()
	ask := func(path string) (int, string) {
		t.Helper()
		resp, err := http.Get(s.url().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	answered := make(map[string]int)
	for range 10 {
		_, who := ask("/turns/")
		answered[who]++
	}
	if answered["one"] != 5 || answered["two"] != 5 {
		t.Errorf("the turns are %v", answered)
	}
	becomes := func(want string) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			status, who := ask("/checked/")
			if status == http.StatusOK && who == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%d, %s; want %s", status, who, want)
			}
		}
	}
	becomes("one")
	ill.Store(true)
	becomes("two")
	ill.Store(false)
	becomes("one")
	stopOne()
	becomes("two") // checked, and away
	for range 20 {
		if status, who := ask("/turns/"); status != http.StatusOK || who != "two" {
			t.Errorf("while one is away: %d, %s", status, who)
		}
	}
}
