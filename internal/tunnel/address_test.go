// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/stream"
)

// TestVisitorNamesNoAddress: a visitor with a session for one service, who says
// in OPEN whatever it likes, reaches that service or none (rules S4).
func TestVisitorNamesNoAddress(t *testing.T) {
	g := open(t, signaling.Config{})
	var reached atomic.Int64
	secret := service(t, "secret", func(*net.TCPConn) { reached.Add(1) })
	visitor, provider, heard := secureEnds(t, g, nil, func(c *Config) { c.Services = append(c.Services, secret) })
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	try := func(f *Forward) error {
		c, err := f.Dial(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		return say(c, "hello", "hello")
	}
	port := strconv.Itoa(secret.LocalPort)
	names := []string{
		"secret", "127.0.0.1:" + port, "localhost:" + port, "[::ffff:127.0.0.1]:" + port, "tcp://127.0.0.1:" + port, port, ":" + port,
		"echo@127.0.0.1:" + port, "echo:" + port, "echo/secret", "secret\x00echo", "echo\x00", "echo secret", "ECHO", " echo",
		"169.254.169.254:80", "/var/run/docker.sock", fmt.Sprintf(`{"id":"echo","localPort":%s}`, port),
	}
	for _, name := range names {
		f, err := visitor.Dialer("client-a", "echo", "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := try(f); err != nil {
			t.Fatal(err)
		}
		if ss := f.live(); ss.service.ID != "echo" || ss.service.LocalPort != 0 || ss.service.LocalHost != "" {
			t.Errorf("the visitor is told %+v", ss.service)
		}
		f.spec.Service = name // what OPEN says; the session stays
		err = try(f)
		if no, ok := errors.AsType[*stream.ResetError](err); !ok || no.Code != stream.CodeNoService {
			t.Errorf("%q: %v", name, err)
		}
	}
	if n := int64(len(names)); heard.Load() != n || reached.Load() != 0 {
		t.Errorf("the service was reached %d times, want %d; another one %d times", heard.Load(), n, reached.Load())
	}
	if n := provider.Status().Services[1].Total; n != 0 {
		t.Errorf("the provider has connected %d times with another one", n)
	}
}
