// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package refudp

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// The kernel sends at most 64 segments, and 64 KiB with headers, in one call.
const (
	maxSegments = 64
	maxTrain    = 60 << 10
	batch       = 16
)

// socket is a UDP socket that receives and sends trains: packets of one size,
// of which the last may be shorter.
type socket struct {
	conn *net.UDPConn
	raw  syscall.RawConn
}

func newSocket(c *net.UDPConn) (*socket, error) {
	// Best effort: the system's maximum may be lower.
	_, _ = c.SetReadBuffer(buffer), c.SetWriteBuffer(buffer)
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_GRO, 1)
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, fmt.Errorf("switching UDP_GRO on: %w", err)
	}
	return &socket{conn: c, raw: raw}, nil
}

// pump hands every train to forward. Trains also form here, of packets that
// came together.
func (s *socket) pump(forward func(from netip.AddrPort, train []byte, size int)) error {
	pc := ipv4.NewPacketConn(s.conn)
	msgs := make([]ipv4.Message, batch)
	for i := range msgs {
		msgs[i].Buffers = [][]byte{make([]byte, 64<<10)}
		msgs[i].OOB = make([]byte, 64)
	}
	j := joiner{forward: forward}
	for {
		n, err := pc.ReadBatch(msgs, 0)
		if err != nil {
			return err
		}
		for i := range msgs[:n] {
			m := &msgs[i]
			p := m.Buffers[0][:m.N]
			size := groSize(m.OOB[:m.NN])
			if size == 0 {
				size = len(p)
			}
			j.add(m.Addr.(*net.UDPAddr).AddrPort(), p, size)
		}
		j.flush()
	}
}

// joiner makes longer trains of what comes from one source.
type joiner struct {
	forward func(from netip.AddrPort, train []byte, size int)
	from    netip.AddrPort
	train   []byte
	size    int
	full    bool // its last packet is a short one
}

func (j *joiner) add(from netip.AddrPort, p []byte, size int) {
	if len(j.train) > 0 && (from != j.from || size > j.size || j.full || size < j.size && len(p) > size ||
		len(j.train)+len(p) > maxTrain || (len(j.train)+len(p)+j.size-1)/j.size > maxSegments) {
		j.flush()
	}
	if len(j.train) == 0 {
		j.from, j.size = from, size
	}
	j.train = append(j.train, p...)
	j.full = j.size == 0 || len(p)%j.size != 0
}

func (j *joiner) flush() {
	if len(j.train) > 0 {
		j.forward(j.from, j.train, j.size)
	}
	j.train, j.size, j.full = j.train[:0], 0, false
}

// send sends a train to an address, or where the socket is connected to. What
// the kernel refuses is lost, as UDP may.
func (s *socket) send(to *unix.RawSockaddrInet4, train []byte, size int) {
	iov := unix.Iovec{Base: &train[0]}
	iov.SetLen(len(train))
	h := unix.Msghdr{Iov: &iov, Iovlen: 1}
	if to != nil {
		h.Name, h.Namelen = (*byte)(unsafe.Pointer(to)), unix.SizeofSockaddrInet4
	}
	var oob [24]byte
	if len(train) > size {
		c := (*unix.Cmsghdr)(unsafe.Pointer(&oob[0]))
		c.Level, c.Type = unix.SOL_UDP, unix.UDP_SEGMENT
		c.SetLen(unix.CmsgLen(2))
		binary.NativeEndian.PutUint16(oob[unix.CmsgLen(0):], uint16(size))
		h.Control = &oob[0]
		h.SetControllen(unix.CmsgSpace(2))
	}
	_ = s.raw.Write(func(fd uintptr) bool {
		_, _, err := syscall.Syscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&h)), 0)
		return err != syscall.EAGAIN
	})
}

// groSize is the size of the packets that the kernel has joined; 0: it is one.
func groSize(oob []byte) int {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0
	}
	for _, m := range msgs {
		if m.Header.Level == unix.SOL_UDP && m.Header.Type == unix.UDP_GRO && len(m.Data) >= 4 {
			return int(binary.NativeEndian.Uint32(m.Data))
		}
	}
	return 0
}

// sockaddr is the kernel's form of an address.
func sockaddr(a netip.AddrPort) *unix.RawSockaddrInet4 {
	sa := &unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: a.Addr().As4()}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:], a.Port())
	return sa
}
