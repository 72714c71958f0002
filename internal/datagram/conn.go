// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package datagram

import (
	"net"
	"net/netip"
	"os"
	"time"
)

const (
	// MaxSize is what a UDP packet can hold at most, over IPv4 or IPv6.
	MaxSize = 65535

	// The kernel takes at most 64 packets in a train (128 since Linux 6.9), and
	// one IP packet's worth of bytes with its headers.
	maxPackets = 64
	maxTrain   = 60 << 10
)

// offSwitch is the environment variable that turns trains off ("off"), should
// a driver turn out to corrupt them.
const offSwitch = "CULVERT_UDP_GSO"

// Train is one or more packets that lie end to end and have one address.
type Train struct {
	// Addr is where the train comes from or goes to; on a connected socket it
	// is ignored. IPv4 addresses are never in their IPv6 form here.
	Addr netip.AddrPort
	Data []byte
	// Size is that of each packet but the last, which may be shorter.
	Size int
	// Lost is set by Send: how many of the packets the system did not take.
	Lost int
}

// Packets returns how many packets the train has. A packet may be empty.
func (t *Train) Packets() int {
	if t.Size <= 0 {
		return 1
	}
	return max(1, (len(t.Data)+t.Size-1)/t.Size)
}

// Options of a Conn; the zero value is good.
type Options struct {
	// Buffer is how many bytes the kernel may hold each way, as far as it lets
	// us; 0 leaves its default.
	Buffer int
	// Wait is how long Send may wait while the socket's buffer is full, which
	// saves the rest of a burst. After a wait there is none for ten times as
	// long: what goes on is no burst, and waiting would only have everybody's
	// packets queue up before us. Without it, packets are lost at once. On
	// systems that move one packet a call, Send waits as long as it takes.
	Wait time.Duration
	// Plain moves one packet a call, as on systems without anything better.
	Plain bool
}

// Conn is a UDP socket. Receive is for one goroutine at a time; Send for many,
// each with an Outbox of its own.
type Conn struct {
	pc        *net.UDPConn
	opt       Options
	connected bool
	sys       *system // nil: one packet a call
}

// New takes a socket over. Its options change, so nobody else should read from
// it; it is closed by whoever made it, or by Close.
func New(pc *net.UDPConn, o Options) *Conn {
	c := &Conn{pc: pc, opt: o, connected: pc.RemoteAddr() != nil}
	if o.Buffer > 0 {
		_ = pc.SetReadBuffer(o.Buffer) // fails on closed sockets only
		_ = pc.SetWriteBuffer(o.Buffer)
	}
	if !o.Plain {
		c.sys = newSystem(pc, o, os.Getenv(offSwitch) != "off")
	}
	return c
}

// Offload reports whether trains leave as trains at the moment.
func (c *Conn) Offload() bool { return c.sys != nil && c.sys.trains() }

// Overflow returns how many packets the kernel has dropped because nobody read
// them in time, where it can be known.
func (c *Conn) Overflow() uint64 {
	if c.sys == nil {
		return 0
	}
	return c.sys.overflow()
}

// LocalAddr returns the socket's address.
func (c *Conn) LocalAddr() net.Addr { return c.pc.LocalAddr() }

// Close closes the socket, which ends Receive and Send.
func (c *Conn) Close() error { return c.pc.Close() }

// Receive waits for packets and puts them into in.Trains, which holds until
// the next call with in. An error is final: the socket is closed or broken.
func (c *Conn) Receive(in *Inbox) error {
	_, err := c.receive(in, nil)
	return err
}

// ReceivePooled is Receive for sockets that are many and mostly idle: the
// inbox, which is large, is taken from p only when there is something to read.
// The caller gives it back.
func (c *Conn) ReceivePooled(p *Pool) (*Inbox, error) { return c.receive(nil, p) }

func (c *Conn) receive(in *Inbox, p *Pool) (*Inbox, error) {
	for failed := 0; ; failed++ {
		var err error
		if c.sys == nil {
			in, err = c.receivePlain(in, p)
		} else {
			in, err = c.sys.receive(in, p)
		}
		if err == nil || final(err) {
			return in, err
		}
		// What an ICMP message said about some packet of ours earlier, or the
		// kernel is short of memory; neither is a reason to spin.
		if failed >= 8 {
			time.Sleep(time.Millisecond)
		}
	}
}

// Send sends all trains, in order, and sets Lost of each.
func (c *Conn) Send(out *Outbox, trains []Train) {
	if c.sys == nil {
		c.sendPlain(trains)
		return
	}
	c.sys.send(out, trains)
}
