// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// TestServicesThatAreGone: what is open to a service ends with the service, at
// both ends and at once, and nothing else does.
func TestServicesThatAreGone(t *testing.T) {
	for name, change := range map[string]func([]wire.Service){
		"it is gone":           func(list []wire.Service) { list[1].ID = "another" },
		"it is UDP now":        func(list []wire.Service) { list[1].Protocol = wire.ServiceUDP },
		"it is for others":     func(list []wire.Service) { list[1].Peers = []string{newKey(t).Public().Fingerprint()} },
		"it is described":      func(list []wire.Service) { list[1].Description = "x" },
		"it is somewhere else": func(list []wire.Service) { list[1].LocalPort = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			stays := name != "it is gone" && name != "it is UDP now"
			g := open(t, signaling.Config{})
			reached := make(chan *net.TCPConn, 1)
			held := make(chan struct{})
			defer close(held)
			other := service(t, "other", func(c *net.TCPConn) {
				reached <- c
				<-held
			})
			visitor, provider, _ := secureEnds(t, g, nil, func(c *Config) { c.Services = append(c.Services, other) })
			echo := dial(t, forward(t, visitor, "client-a", "echo"))
			app := dial(t, forward(t, visitor, "client-a", "other"))
			served := <-reached
			if err := say(echo, "hello", "hello"); err != nil {
				t.Fatal(err)
			}
			services := provider.offers.services()
			change(services)
			if err := provider.SetServices(services); err != nil {
				t.Fatal(err)
			}
			for _, c := range []*net.TCPConn{app, served} {
				wait := 20 * time.Second // a stream would wait for two minutes
				if stays {
					wait = 300 * time.Millisecond
				}
				_ = c.SetReadDeadline(time.Now().Add(wait))
				_, err := c.Read(make([]byte, 1))
				if quiet := errors.Is(err, os.ErrDeadlineExceeded); quiet != stays || errors.Is(err, io.EOF) {
					t.Errorf("what is open ends with %v", err)
				}
			}
			if err := say(echo, "hello", "hello"); err != nil {
				t.Errorf("another service: %v", err)
			}
		})
	}
}
