// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// Inside is a channel that needs no way to the relay, because the relay is in
// this process: the provider's own connection, begun.
type Inside struct {
	splice.Conn
	// Spend counts n bytes that have moved in a direction of package splice, and
	// holds the caller up for as long as the relay's limits want. An error is
	// that the channel has ended.
	Spend func(n, direction int) error
	// Left is told once that Conn was closed by this end, or reset.
	Left func()
}

// Within is the relay of the process that a client is in. Lines need no proof
// there.
type Within interface {
	// Open opens a channel.
	Open(ctx context.Context, line wire.Line) (Inside, error)
	// Join has app be a channel without encryption, which belongs to the relay
	// unless there is an error; first goes before what it says, and done is called
	// when it has ended. mute is that it broke off before the provider said anything.
	Join(ctx context.Context, line wire.Line, app splice.Conn, first []byte, done func(mute bool)) error
	// Packets gives the visitor of a UDP session a way for packets. deliver gets the
	// provider's, and must neither wait nor keep them.
	Packets(key wire.KeyID, deliver func(trains []datagram.Train)) (InsidePackets, error)
}

// InsidePackets is a way for packets that needs no socket.
type InsidePackets interface {
	// Send may change the packets where they lie. What it drops the relay counts.
	Send(out *datagram.Outbox, trains []datagram.Train)
	// There reports whether the provider can be sent packets.
	There() bool
}

// metered counts what an inside channel carries.
type metered struct {
	Inside
	lazy lazyReader
	all  allWriter
}

func newMetered(in Inside) *metered {
	m := &metered{Inside: in}
	m.lazy, m.all = asLazy(in.Conn)
	return m
}

// openInside has the relay open a channel.
func (c *Client) openInside(ctx context.Context, o opening) (channel, error) {
	line := o.line()
	in, err := c.cfg.Within.Open(ctx, line)
	if err != nil {
		return channel{}, err
	}
	return channel{newMetered(in), Relay, line.Counter}, nil
}

// answers reports whether channels begin with the relay's answer.
func (c *Client) answers() bool { return c.cfg.Within == nil }

// Read implements net.Conn.
func (m *metered) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	return m.spent(n, err, splice.Backward)
}

// Write implements net.Conn.
func (m *metered) Write(b []byte) (int, error) {
	n, err := m.Conn.Write(b)
	return m.spent(n, err, splice.Forward)
}

// ReadLazily is lazyReader's.
func (m *metered) ReadLazily(get func() []byte, put func()) (int, error) {
	n, err := m.lazy.ReadLazily(get, put)
	return m.spent(n, err, splice.Backward)
}

// WriteAll is allWriter's.
func (m *metered) WriteAll(b []byte) error {
	err := m.all.WriteAll(b)
	if err == nil {
		err = m.Spend(len(b), splice.Forward)
	}
	return err
}

func (m *metered) spent(n int, err error, direction int) (int, error) {
	if n > 0 {
		if e := m.Spend(n, direction); e != nil && err == nil {
			return n, e
		}
	}
	return n, err
}

// SetWriteBuffer bounds what the kernel queues, where there is a socket.
func (m *metered) SetWriteBuffer(n int) error {
	if t, ok := m.Conn.(interface{ SetWriteBuffer(bytes int) error }); ok {
		return t.SetWriteBuffer(n)
	}
	return nil
}

// Close implements net.Conn.
func (m *metered) Close() error {
	err := m.Conn.Close()
	m.Left()
	return err
}

// Reset implements splice.Conn.
func (m *metered) Reset() error {
	err := m.Conn.Reset()
	m.Left()
	return err
}
