// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package refudp is the yardstick of UDP forwarding: one hop, one flow per
// source, moved in trains with the kernel's segmentation offload (UDP_GRO and
// UDP_SEGMENT). Three of them make a chain as long as a tunnel's. Flows never
// end, and IPv4 is all that it speaks.
package refudp

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os/signal"
	"sync"
	"syscall"
)

const buffer = 4 << 20

// Command is "bench ref-udp".
func Command(args []string) error {
	fs := flag.NewFlagSet("ref-udp", flag.ExitOnError)
	listen := fs.String("listen", "", "address")
	to := fs.String("to", "", "next hop")
	if err := fs.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return Run(ctx, *listen, *to)
}

// Run forwards until ctx ends.
func Run(ctx context.Context, listen, to string) error {
	next, err := net.ResolveUDPAddr("udp4", to)
	if err != nil {
		return fmt.Errorf("resolving the next hop: %w", err)
	}
	var conf net.ListenConfig
	pc, err := conf.ListenPacket(ctx, "udp4", listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	in, err := newSocket(pc.(*net.UDPConn)) // of the network that was asked for
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = in.conn.Close() })
	defer stop()
	h := &hop{in: in, next: next, flows: map[netip.AddrPort]*socket{}}
	if err := h.run(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// hop forwards between its listener and a socket for each source.
type hop struct {
	in   *socket
	next *net.UDPAddr

	mu    sync.Mutex // guards the field below
	flows map[netip.AddrPort]*socket
}

func (h *hop) run() error {
	return h.in.pump(func(from netip.AddrPort, train []byte, size int) {
		if s := h.flow(from); s != nil {
			s.send(nil, train, size)
		}
	})
}

func (h *hop) flow(from netip.AddrPort) *socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.flows[from]; s != nil {
		return s
	}
	c, err := net.DialUDP("udp4", nil, h.next)
	if err != nil {
		return nil
	}
	s, err := newSocket(c)
	if err != nil {
		return nil
	}
	h.flows[from] = s
	back := sockaddr(from)
	go func() {
		// A refused packet of ours is reported at the next read, and is no
		// reason to stop.
		for !errors.Is(s.pump(func(_ netip.AddrPort, train []byte, size int) { h.in.send(back, train, size) }), net.ErrClosed) {
		}
	}()
	return s
}
