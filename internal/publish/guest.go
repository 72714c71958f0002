// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"errors"
	"net/netip"
	"sync"
	"syscall"

	"github.com/culvertd/culvert/internal/splice"
)

// guests are the connections that came by public ports and are carried as streams.
// Those that the relay moves it knows itself.
type guests struct {
	mu  sync.Mutex // guards the field below
	all map[*guest]struct{}
}

// guest is one of them.
type guest struct {
	splice.Conn
	list *guests
}

func (g *guests) add(c splice.Conn) splice.Conn {
	v := &guest{c, g}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all == nil {
		g.all = make(map[*guest]struct{})
	}
	g.all[v] = struct{}{}
	return v
}

func (v *guest) leave() {
	v.list.mu.Lock()
	defer v.list.mu.Unlock()
	delete(v.list.all, v)
}

// Close implements net.Conn.
func (v *guest) Close() error {
	v.leave()
	return v.Conn.Close()
}

// Reset implements splice.Conn.
func (v *guest) Reset() error {
	v.leave()
	return v.Conn.Reset()
}

// SyscallConn implements syscall.Conn: streams try a socket without waiting.
func (v *guest) SyscallConn() (syscall.RawConn, error) {
	c, ok := v.Conn.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return c.SyscallConn()
}

// CloseAddr ends what came by public ports and names from addresses for which f is
// true.
func (p *Publisher) CloseAddr(f func(netip.Addr) bool) {
	p.gate.CutAddr(f)
	p.guests.mu.Lock()
	var gone []*guest
	for v := range p.guests.all {
		if f(splice.Peer(v.Conn)) {
			gone = append(gone, v)
		}
	}
	p.guests.mu.Unlock()
	for _, v := range gone {
		_ = v.Reset()
	}
}
