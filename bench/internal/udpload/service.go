// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package udpload

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
)

// A packet is a kind, a run's number and a sequence number; the rest is
// padding. minSize holds all three.
const (
	kindEcho  = 'e' // sent back
	kindCount = 'c' // counted for its run
	kindAsk   = 'q' // answered with the count of its run
	minSize   = 1 + 4 + 8
	maxSize   = 64 << 10
	batch     = 64
	buffer    = 4 << 20 // of a socket, if the system lets us
)

// Serve is the service behind the tunnels; it ends when c is closed.
func Serve(c *net.UDPConn) error {
	// Best effort: the system's maximum may be lower.
	_ = c.SetReadBuffer(buffer)
	pc := ipv4.NewPacketConn(c)
	msgs := make([]ipv4.Message, batch)
	for i := range msgs {
		msgs[i].Buffers = [][]byte{make([]byte, maxSize)}
	}
	counts := map[uint32]uint64{} // by run; a comparison has some hundred
	for {
		n, err := pc.ReadBatch(msgs, 0)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			continue // an ICMP message about an answer of ours
		}
		for i := range msgs[:n] {
			answer(c, msgs[i].Buffers[0][:msgs[i].N], msgs[i].Addr, counts)
		}
	}
}

func answer(c *net.UDPConn, b []byte, from net.Addr, counts map[uint32]uint64) {
	if len(b) < minSize {
		return
	}
	run := binary.BigEndian.Uint32(b[1:])
	switch b[0] {
	case kindCount:
		counts[run]++
		return
	case kindAsk:
		binary.BigEndian.PutUint64(b[5:], counts[run])
		b = b[:minSize]
	}
	// What cannot be sent is lost, as UDP may.
	_, _ = c.WriteTo(b, from)
}

// asker asks the service, past the tunnel, what has arrived.
type asker struct {
	mu   sync.Mutex // one question at a time
	conn net.Conn
}

func newAsker(addr string) (*asker, error) {
	if addr == "" {
		return nil, errors.New("the target names no service=host:port")
	}
	c, err := dial(addr)
	return &asker{conn: c}, err
}

// count is the number of a run's packets that have arrived.
func (a *asker) count(run uint32) (uint64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	in := make([]byte, maxSize)
	for range 20 { // the question may drown in the flood
		if _, err := a.conn.Write(packet(kindAsk, run, minSize)); err != nil {
			return 0, err
		}
		if err := a.conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			return 0, err
		}
		n, err := a.conn.Read(in)
		if err == nil && n == minSize && binary.BigEndian.Uint32(in[1:]) == run {
			return binary.BigEndian.Uint64(in[5:]), nil
		}
	}
	return 0, fmt.Errorf("the service at %s does not tell what has arrived", a.conn.RemoteAddr())
}

func (a *asker) close() { _ = a.conn.Close() }

func packet(kind byte, run uint32, size int) []byte {
	b := make([]byte, max(size, minSize))
	b[0] = kind
	binary.BigEndian.PutUint32(b[1:], run)
	return b
}
