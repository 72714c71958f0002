// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package service is what stands behind the tunnels: the TCP and UDP services
// of tcpload and udpload on one port, and the website of httpload on another.
package service

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/culvertd/culvert/bench/internal/httpload"
	"github.com/culvertd/culvert/bench/internal/tcpload"
	"github.com/culvertd/culvert/bench/internal/udpload"
)

// Command is "bench serve".
func Command(args []string) error {
	fs := flag.NewFlagSet("serve", flag.ExitOnError)
	listen := fs.String("listen", "127.0.0.1:9000", "TCP and UDP address")
	web := fs.String("http", "", "address of a website; default: none")
	if err := fs.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return Run(ctx, *listen, *web, nil)
}

// Run serves until ctx ends; no website if web is empty. ready, if set, is told
// the address.
func Run(ctx context.Context, listen, web string, ready func(addr string)) error {
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
	var g errgroup.Group
	if web != "" {
		site, err := conf.Listen(ctx, "tcp4", web)
		if err != nil {
			return fmt.Errorf("listening: %w", err)
		}
		defer context.AfterFunc(ctx, func() { _ = site.Close() })()
		g.Go(func() error { return httpload.Serve(site) })
	}
	if ready != nil {
		ready(tcp.Addr().String())
	}
	g.Go(func() error { return tcpload.Serve(tcp) })
	g.Go(func() error { return udpload.Serve(udp.(*net.UDPConn)) }) // of the network that was asked for
	<-ctx.Done()
	_, _ = tcp.Close(), udp.Close() // ends both
	return g.Wait()
}
