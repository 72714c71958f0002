// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package datagram

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// outboxSize is how many messages go out with one call.
const outboxSize = 64

// Outbox keeps what a call of Send needs, so that it allocates nothing.
type Outbox struct {
	msgs  [outboxSize]mmsghdr
	iovs  [outboxSize]unix.Iovec
	names [outboxSize]sockaddr
	oobs  [outboxSize]control
	of    [outboxSize]*Train // that the message is a part of
	sizes [outboxSize]int    // of its packets

	sys       *system
	next, end int  // messages that are still to go
	full      bool // the socket is
	try       func(fd uintptr) bool
	ctl       func(fd uintptr)
}

// NewOutbox returns an outbox.
func NewOutbox() *Outbox {
	o := &Outbox{}
	for i := range o.msgs {
		h := &o.msgs[i].hdr
		h.Iov = &o.iovs[i]
		h.SetIovlen(1)
	}
	o.try = o.write
	o.ctl = func(fd uintptr) { o.full = !o.write(fd) }
	return o
}

func (s *system) send(o *Outbox, trains []Train) {
	o.sys, o.next, o.end = s, 0, 0
	for i := range trains {
		t := &trains[i]
		t.Lost = 0
		rest := t.Data
		for first := true; first || len(rest) > 0; first = false {
			n := len(rest)
			if t.Size > 0 {
				n = min(s.room(t.Size), n)
			}
			o.add(t, rest[:n])
			rest = rest[n:]
		}
	}
	o.flush()
	clear(o.of[:])   // the memory is the caller's
	clear(o.iovs[:]) // likewise
}

// room is how many bytes of packets of one size go into a message.
func (s *system) room(size int) int {
	if !s.gso.Load() {
		return size
	}
	return size * max(1, min(maxPackets, maxTrain/size))
}

func (o *Outbox) add(t *Train, part []byte) {
	if o.end == outboxSize {
		o.flush()
	}
	i := o.end
	o.end++
	o.of[i], o.sizes[i] = t, t.Size
	o.iovs[i].Base = unsafe.SliceData(part)
	o.iovs[i].SetLen(len(part))
	h := &o.msgs[i].hdr
	if o.sys.name {
		h.Name = (*byte)(unsafe.Pointer(&o.names[i]))
		if i > 0 && o.of[i-1].Addr == t.Addr {
			h.Name, h.Namelen = o.msgs[i-1].hdr.Name, o.msgs[i-1].hdr.Namelen
		} else {
			h.Namelen = putAddr(&o.names[i], o.sys.six, t.Addr)
		}
	} else {
		h.Name, h.Namelen = nil, 0
	}
	h.Control = nil
	h.SetControllen(0)
	if len(part) > t.Size {
		h.Control = &o.oobs[i].b[0]
		h.SetControllen(o.oobs[i].putTrainSize(t.Size))
	}
}

func (o *Outbox) flush() {
	if o.next == o.end {
		return
	}
	err := o.sys.raw.Control(o.ctl)
	if err == nil && o.full && o.sys.mayWait() {
		_ = o.sys.raw.Write(o.try) // what it does not send is lost
	}
	o.lose(o.end) // full for too long, or closed
	o.next, o.end = 0, 0
}

// lose counts the messages up to end as lost.
func (o *Outbox) lose(end int) {
	for ; o.next < end; o.next++ {
		o.of[o.next].Lost += o.packets(o.next)
	}
}

func (o *Outbox) packets(i int) int {
	if o.sizes[i] <= 0 {
		return 1
	}
	return max(1, (int(o.iovs[i].Len)+o.sizes[i]-1)/o.sizes[i])
}

// write sends without blocking, and returns false if the socket is full. A
// message that cannot be sent holds up none of those after it.
func (o *Outbox) write(fd uintptr) bool {
	for failed := 0; o.next < o.end; {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&o.msgs[o.next])),
			uintptr(o.end-o.next), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch {
		case errno == 0:
			o.next += int(n)
			failed = 0
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return false
		case o.msgs[o.next].hdr.Control != nil && o.refused(errno):
			o.apart(fd)
		case failed == 0 && !o.sys.name:
			failed++ // it was about an earlier packet, and this one never went
		default:
			o.lose(o.next + 1)
			failed = 0
		}
	}
	return true
}

// refused reports whether the kernel may take as packets what it did not take
// as a train. A train is refused as invalid when its packets are larger than
// the path's MTU, which says nothing about others; the rest is about the
// device or the kernel and turns trains off.
func (o *Outbox) refused(errno unix.Errno) bool {
	switch errno {
	case unix.EINVAL, unix.EMSGSIZE:
		return true
	case unix.EIO, unix.EOPNOTSUPP, unix.ENOPROTOOPT:
		o.sys.gso.Store(false)
		return true
	default:
		return false
	}
}

// apart sends the next message packet by packet.
func (o *Outbox) apart(fd uintptr) {
	i := o.next
	o.next++
	rest := unsafe.Slice(o.iovs[i].Base, int(o.iovs[i].Len))
	var iov unix.Iovec
	h := o.msgs[i].hdr
	h.Iov, h.Control = &iov, nil
	h.SetControllen(0)
	for len(rest) > 0 {
		p := rest[:min(o.sizes[i], len(rest))]
		rest = rest[len(p):]
		iov.Base = &p[0]
		iov.SetLen(len(p))
		errno := unix.EINTR
		for errno == unix.EINTR {
			_, _, errno = unix.Syscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&h)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		}
		if errno != 0 {
			o.of[i].Lost++
		}
	}
}
