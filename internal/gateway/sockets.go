// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/relay"
	"github.com/culvertd/culvert/internal/splice"
)

// udpBuffer is what the kernel may hold of packets either way; it may grant
// less (net.core.rmem_max).
const udpBuffer = 4 << 20

// sockets are the relay's, one for TCP and one for UDP for each address that
// some live generation wants. A reload never binds one anew: connections that
// are about to be accepted would be lost, and so would packets.
type sockets struct {
	relay *relay.Relay
	log   func() *zap.Logger
	open  map[string]*socket // by the address as it is configured; Core.mu guards it
}

// socket is one address.
type socket struct {
	tcp     net.Listener
	udp     *net.UDPConn
	serving sync.WaitGroup
}

// want opens addr if it is not open yet. An empty address is no relay port.
func (s *sockets) want(ctx context.Context, addr string) error {
	if addr == "" || s.open[addr] != nil {
		return nil
	}
	k, err := bind(ctx, addr)
	if err != nil {
		return fmt.Errorf("opening the relay port %s for TCP and UDP: %w; stop what listens there, "+
			"or give relay another address (CULVERT_RELAY with Caddyfile.example); "+
			"an address that overlaps the one in use needs a restart", addr, err)
	}
	s.open[addr] = k
	k.serving.Go(func() { s.tell("accepting channels", s.relay.ServeTCP(k.tcp)) })
	k.serving.Go(func() { s.tell("forwarding packets", s.relay.ServeUDP(k.udp)) })
	return nil
}

// keep closes what no one of addrs names.
func (s *sockets) keep(addrs map[string]bool) {
	for addr, k := range s.open {
		if addrs[addr] {
			continue
		}
		delete(s.open, addr)
		_, _ = k.tcp.Close(), k.udp.Close() // fail only if closed before
		k.serving.Wait()
	}
}

// port returns the port of an open address; 0 if there is none.
func (s *sockets) port(addr string) int {
	if k := s.open[addr]; k != nil {
		return k.tcp.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // bind made it
	}
	return 0
}

func (s *sockets) tell(doing string, err error) {
	if err != nil {
		s.log().Error(doing, zap.Error(err))
	}
}

// bind opens both sockets of an address. With the port 0, UDP takes the one
// that TCP was given.
func bind(ctx context.Context, addr string) (*socket, error) {
	// Multipath TCP would keep the relay from splicing (rules R7), and the
	// relay has its own idea of keepalives.
	lc := net.ListenConfig{KeepAlive: -1}
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		_ = ln.Close()
		return nil, err
	}
	port := ln.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // a TCP listener's
	pc, err := lc.ListenPacket(ctx, "udp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		_ = ln.Close()
		return nil, err
	}
	udp := pc.(*net.UDPConn) //nolint:forcetypeassert // of the network udp
	_, _ = udp.SetReadBuffer(udpBuffer), udp.SetWriteBuffer(udpBuffer)
	return &socket{tcp: splice.Listener(ln), udp: udp}, nil
}
