// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package httpload

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

func TestLoad(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- Serve(ln) }()
	target := harness.Target{Opts: map[string]string{"http": ln.Addr().String(), "host": "shop.localhost"}}
	ms, err := Load{Conns: 4, Duration: 100 * time.Millisecond}.Measure(target)
	if err != nil || len(ms) != 3 || ms[0].Name != Rate || ms[0].Value < 10 || ms[1].Value <= 0 {
		t.Errorf("%+v, %v", ms, err)
	}
	_ = ln.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestLoadRefuses what is not the page: a proxy that answers by itself is fast.
func TestLoadRefuses(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"404":          func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"empty":        func(http.ResponseWriter, *http.Request) {},
		"another page": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, len(page))) },
		"in chunks": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, page)
			_ = http.NewResponseController(w).Flush()
		},
	} {
		s := httptest.NewServer(h)
		target := harness.Target{Opts: map[string]string{"http": s.Listener.Addr().String(), "host": "x"}}
		if ms, err := (Load{Conns: 1, Duration: 10 * time.Millisecond}).Measure(target); err == nil {
			t.Errorf("%s: %+v", name, ms)
		}
		s.Close()
	}
}
