// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package service is what stands behind the tunnels: the TCP and UDP services
// of tcpload and udpload on one port.
package service

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/culvertd/culvert/bench/internal/tcpload"
	"github.com/culvertd/culvert/bench/internal/udpload"
)

// Command is "bench serve".
func Command(args []string) error {
	fs := flag.NewFlagSet("serve", flag.ExitOnError)
	listen := fs.String("listen", "127.0.0.1:9000", "TCP and UDP address")
	if err := fs.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return Run(ctx, *listen, nil)
}

// Run serves until ctx ends. ready, if set, is told the address.
func Run(ctx context.Context, listen string, ready func(addr string)) error {
	// Without keepalive: the probes of 10,000 connections come all at once.
	conf := net.ListenConfig{KeepAlive: -1}
	tcp, err := conf.Listen(ctx, "tcp4", listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	defer tcp.Close()
	udp, err := conf.ListenPacket(ctx, "udp4", tcp.Addr().String())
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	defer udp.Close()
	if ready != nil {
		ready(tcp.Addr().String())
	}
	var g errgroup.Group
	g.Go(func() error { return tcpload.Serve(tcp) })
	g.Go(func() error { return udpload.Serve(udp.(*net.UDPConn)) }) // of the network that was asked for
	<-ctx.Done()
	_, _ = tcp.Close(), udp.Close() // ends both
	return g.Wait()
}
