// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package datagram

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
)

// Inbox is where packets are received.
type Inbox struct {
	Trains []Train
	bufs   [][]byte // of MaxSize each
	sys    inboxSystem
}

// NewInbox returns an inbox for n trains at a time. It takes n × 64 KiB of
// addresses, and of memory what large packets have touched.
func NewInbox(n int) *Inbox {
	in := &Inbox{Trains: make([]Train, 0, n), bufs: make([][]byte, n)}
	all := make([]byte, n*MaxSize)
	for i := range in.bufs {
		in.bufs[i], all = all[:MaxSize:MaxSize], all[MaxSize:]
	}
	in.sys.init(in.bufs)
	return in
}

// Pool shares inboxes between sockets.
type Pool struct{ p sync.Pool }

// NewPool returns a pool of inboxes for n trains.
func NewPool(n int) *Pool {
	return &Pool{sync.Pool{New: func() any { return NewInbox(n) }}}
}

// Put gives an inbox back.
func (p *Pool) Put(in *Inbox) { p.p.Put(in) }

func (p *Pool) get() *Inbox { return p.p.Get().(*Inbox) }

// receivePlain reads one packet. A pooled inbox is held while it waits, since
// the portable calls need the buffer beforehand.
func (c *Conn) receivePlain(in *Inbox, p *Pool) (*Inbox, error) {
	if in == nil {
		in = p.get()
	}
	n, from, err := c.pc.ReadFromUDPAddrPort(in.bufs[0])
	if err != nil {
		if p != nil {
			p.Put(in)
			in = nil
		}
		return in, err
	}
	in.Trains = append(in.Trains[:0], Train{
		Addr: netip.AddrPortFrom(from.Addr().Unmap(), from.Port()),
		Data: in.bufs[0][:n],
		Size: n,
	})
	return in, nil
}

func (c *Conn) sendPlain(trains []Train) {
	for i := range trains {
		t := &trains[i]
		t.Lost = 0
		rest := t.Data
		for range t.Packets() {
			p := rest[:min(t.Size, len(rest))]
			rest = rest[len(p):]
			var err error
			if c.connected {
				_, err = c.pc.Write(p)
			} else {
				_, err = c.pc.WriteToUDPAddrPort(p, t.Addr)
			}
			if err != nil {
				t.Lost++
			}
		}
	}
}

// final reports whether an error of reading will not go away. Where the socket
// is connected, or the system is Windows, reading also reports what happened
// to packets that were sent before.
func final(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) || finalErrno(err)
}
