// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package refrelay is the yardstick of TCP tunnels: the smallest relay and
// agents that splice, to show what the machine allows.
//
//	application -> visitor -> relay -> provider -> service
//
// It has no authentication, no limits, no counters, and its hybrid copier is
// not careful: a write that waits does not see the other side's reset. It is
// no product and no model for one.
package refrelay

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// The kinds of connection to the relay: one byte, then an id for work.
const (
	kindControl = 'C' // the provider's; the relay writes the ids of waiting visitors
	kindWork    = 'W' // the provider's answer to an id
	kindParked  = 'P' // the provider's spare, woken by one byte
	kindVisit   = 'V' // a visitor's; data follows
	kindSpare   = 'Q' // a visitor's spare; one byte of its wakes it
)

type id [16]byte

// wake is the byte that wakes a spare connection.
var wake = []byte{'G'}

// Config is one part of the tunnel.
type Config struct {
	Role   string // relay, provider or visitor
	Listen string // of relay and visitor
	Relay  string // its address, for the other two
	To     string // the provider's service
	Copy   string // splice (io.Copy) or hybrid (small reads through memory, splice for bulk)
	Pool   int    // spare connections that provider and visitor keep ready
}

// Command is "bench ref-relay".
func Command(args []string) error {
	fs := flag.NewFlagSet("ref-relay", flag.ExitOnError)
	var c Config
	fs.StringVar(&c.Role, "role", "relay", "relay, provider or visitor")
	fs.StringVar(&c.Listen, "listen", "", "address to listen on (relay, visitor)")
	fs.StringVar(&c.Relay, "relay", "", "the relay's address (provider, visitor)")
	fs.StringVar(&c.To, "to", "", "the service (provider)")
	fs.StringVar(&c.Copy, "copy", "splice", "splice (io.Copy) or hybrid (small reads through memory, splice for bulk)")
	fs.IntVar(&c.Pool, "pool", 0, "spare connections kept ready (provider, visitor)")
	if err := fs.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return c.Run(ctx)
}

// Run serves until ctx ends.
func (c Config) Run(ctx context.Context) error {
	move, ok := map[string]func(dst, src *net.TCPConn){"splice": viaCopy, "hybrid": viaHybrid}[c.Copy]
	if !ok {
		return fmt.Errorf("unknown way to copy %q", c.Copy)
	}
	a := &agent{move: move, relay: c.Relay, pool: c.Pool}
	switch c.Role {
	case "relay":
		r := &server{move: move, waiting: map[id]*net.TCPConn{}}
		return accept(ctx, c.Listen, r.serve)
	case "provider":
		return a.provide(ctx, c.To)
	case "visitor":
		return a.visit(ctx, c.Listen)
	}
	return fmt.Errorf("unknown role %q", c.Role)
}

// server is the relay.
type server struct {
	move func(dst, src *net.TCPConn)

	mu      sync.Mutex // guards the fields below
	control *net.TCPConn
	parked  []*net.TCPConn
	waiting map[id]*net.TCPConn // visitors for whom no parked one was left
}

func (r *server) serve(c *net.TCPConn) {
	var kind [1]byte
	if _, err := io.ReadFull(c, kind[:]); err != nil {
		_ = c.Close()
		return
	}
	switch kind[0] {
	case kindControl:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.control = c
	case kindParked:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.parked = append(r.parked, c)
	case kindSpare:
		if _, err := io.ReadFull(c, kind[:]); err != nil {
			_ = c.Close()
			return
		}
		r.visit(c)
	case kindVisit:
		r.visit(c)
	case kindWork:
		r.work(c)
	default:
		_ = c.Close()
	}
}

// visit pairs a visitor with a parked connection, or asks for one.
func (r *server) visit(c *net.TCPConn) {
	r.mu.Lock()
	if n := len(r.parked); n > 0 {
		work := r.parked[n-1]
		r.parked = r.parked[:n-1]
		r.mu.Unlock()
		if _, err := work.Write(wake); err != nil {
			_ = c.Close()
			return
		}
		join(work, c, r.move)
		return
	}
	var want id
	_, _ = rand.Read(want[:]) // never fails
	r.waiting[want] = c
	control := r.control
	r.mu.Unlock()
	if control == nil {
		_ = c.Close()
		return
	}
	// One write of 16 bytes, which the kernel does not take apart. If the
	// provider has gone, the visitor waits: this is a yardstick.
	_, _ = control.Write(want[:])
}

func (r *server) work(c *net.TCPConn) {
	var want id
	if _, err := io.ReadFull(c, want[:]); err != nil {
		_ = c.Close()
		return
	}
	r.mu.Lock()
	visitor := r.waiting[want]
	delete(r.waiting, want)
	r.mu.Unlock()
	if visitor == nil {
		_ = c.Close()
		return
	}
	join(c, visitor, r.move)
}

// accept serves connections until ctx ends. Those that still run then end with
// the process.
func accept(ctx context.Context, addr string, serve func(*net.TCPConn)) error {
	var conf net.ListenConfig
	conf.KeepAlive = -1
	l, err := conf.Listen(ctx, "tcp4", addr)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil: // out of descriptors, most likely
			time.Sleep(10 * time.Millisecond)
		default:
			go serve(c.(*net.TCPConn)) // of the network that was asked for
		}
	}
}
