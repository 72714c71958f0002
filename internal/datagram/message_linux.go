// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package datagram

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr of the kernel; Go pads it as C does.
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// sockaddr has room for both kinds of addresses. The fields up to the port are
// the same in both.
type sockaddr = unix.RawSockaddrInet6

// controlSize holds one control message of an int, aligned.
const controlSize = 32

type control struct {
	_ [0]uint64
	b [controlSize]byte
}

// trainSize returns what UDP_GRO says about a message: the size of the packets
// in it, or 0 if it is a single one.
func trainSize(oob []byte) int {
	for len(oob) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&oob[0]))
		size := int(h.Len)
		if size < unix.CmsgLen(0) || size > len(oob) {
			return 0
		}
		if h.Level == unix.SOL_UDP && h.Type == unix.UDP_GRO && size >= unix.CmsgLen(4) {
			return max(0, int(int32(binary.NativeEndian.Uint32(oob[unix.CmsgLen(0):]))))
		}
		next := unix.CmsgSpace(size - unix.CmsgLen(0))
		if next > len(oob) {
			return 0
		}
		oob = oob[next:]
	}
	return 0
}

// putTrainSize writes the control message UDP_SEGMENT and returns its length.
func (c *control) putTrainSize(size int) int {
	h := (*unix.Cmsghdr)(unsafe.Pointer(&c.b[0]))
	h.Level, h.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	binary.NativeEndian.PutUint16(c.b[unix.CmsgLen(0):], uint16(size))
	return unix.CmsgSpace(2)
}

// port is in network order wherever the kernel keeps it.
func port(p uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], p)
	return binary.NativeEndian.Uint16(b[:])
}

func addrPort(sa *sockaddr) netip.AddrPort {
	if sa.Family == unix.AF_INET {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(four.Addr), port(four.Port))
	}
	a := netip.AddrFrom16(sa.Addr).Unmap()
	if sa.Scope_id != 0 && a.Is6() {
		a = a.WithZone(strconv.FormatUint(uint64(sa.Scope_id), 10))
	}
	return netip.AddrPortFrom(a, port(sa.Port))
}

// putAddr writes an address for a socket of the given kind and returns its
// length. An address that does not fit becomes the unspecified one, which the
// kernel refuses or which leads nowhere but home.
func putAddr(sa *sockaddr, six bool, to netip.AddrPort) uint32 {
	a := to.Addr()
	if !six {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		four.Family, four.Port = unix.AF_INET, port(to.Port())
		four.Addr = [4]byte{}
		if a.Is4() || a.Is4In6() {
			four.Addr = a.Unmap().As4()
		}
		return unix.SizeofSockaddrInet4
	}
	*sa = sockaddr{Family: unix.AF_INET6, Port: port(to.Port())}
	if a.IsValid() {
		sa.Addr = a.As16()
	}
	if zone := a.Zone(); zone != "" {
		id, _ := strconv.ParseUint(zone, 10, 32) // ours are numbers
		sa.Scope_id = uint32(id)
	}
	return unix.SizeofSockaddrInet6
}
