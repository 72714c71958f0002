// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package datagram

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// inboxSystem is what recvmmsg fills.
type inboxSystem struct {
	msgs  []mmsghdr
	iovs  []unix.Iovec
	names []sockaddr
	oobs  []control
}

func (i *inboxSystem) init(bufs [][]byte) {
	n := len(bufs)
	i.msgs, i.iovs = make([]mmsghdr, n), make([]unix.Iovec, n)
	i.names, i.oobs = make([]sockaddr, n), make([]control, n)
	for k := range n {
		i.iovs[k].Base = &bufs[k][0]
		i.iovs[k].SetLen(len(bufs[k]))
		h := &i.msgs[k].hdr
		h.Iov = &i.iovs[k]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&i.names[k]))
		h.Control = &i.oobs[k].b[0]
		i.arm(k)
	}
}

// arm puts back what the kernel overwrites.
func (i *inboxSystem) arm(k int) {
	h := &i.msgs[k].hdr
	h.Namelen = uint32(unsafe.Sizeof(i.names[k]))
	h.SetControllen(controlSize)
	h.Flags = 0
}

// reader is the call under way; it is kept so that a call allocates nothing.
type reader struct {
	in    *Inbox
	pool  *Pool
	n     int
	errno unix.Errno
	fn    func(fd uintptr) bool
}

func (r *reader) init() { r.fn = r.try }

func (s *system) receive(in *Inbox, p *Pool) (*Inbox, error) {
	r := &s.rd
	r.in, r.pool = in, p
	err := s.raw.Read(r.fn)
	in, r.in, r.pool = r.in, nil, nil
	if err != nil {
		return in, err
	}
	if r.errno != 0 {
		return in, r.errno
	}
	in.collect(r.n)
	return in, nil
}

// try reads without blocking; the runtime waits and calls it again when it
// returns false, and an inbox of the pool is back there by then.
func (r *reader) try(fd uintptr) bool {
	if r.in == nil {
		r.in = r.pool.get()
	}
	n, errno := uintptr(0), unix.EINTR
	for errno == unix.EINTR {
		m := r.in.sys.msgs
		n, _, errno = unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&m[0])), uintptr(len(m)), unix.MSG_DONTWAIT, 0, 0)
	}
	r.n, r.errno = int(n), errno
	if errno != 0 && r.pool != nil {
		r.pool.Put(r.in)
		r.in = nil
	}
	return errno != unix.EAGAIN
}

// collect makes trains of n messages.
func (in *Inbox) collect(n int) {
	in.Trains = in.Trains[:n]
	for k := range n {
		m := &in.sys.msgs[k]
		t := &in.Trains[k]
		t.Data = in.bufs[k][:m.n]
		t.Size = trainSize(in.sys.oobs[k].b[:m.hdr.Controllen])
		if t.Size == 0 {
			t.Size = len(t.Data)
		}
		t.Addr = addrPort(&in.sys.names[k])
		t.Lost = 0
		in.sys.arm(k)
	}
}
