// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"errors"
)

// The relay, UDP. A packet of data, all numbers big endian:
//
//	0       4        6
//	| id    | length | data ... |
//
// The id is a label of one leg: its upper 24 bits are the block that
// create_session granted, the lower 8 the flow. length is that of data, so
// that the same packets can follow one another in a stream (a channel with the
// protocol udp). The id 0 is that of control packets, whose data begins with a
// byte for the kind:
//
//	1 hello      version 1 | key id 8 | counter 8 | mac 16 | zeros up to 64
//	2 cookie     counter 8 | cookie 16                        (gateway)
//	3 echo       version 1 | key id 8 | counter 8 | cookie 16 | mac 16
//	4 bound      counter 8                                    (gateway)
//	5 keepalive  key id 8 | counter 8 | mac 16
//	6 alive      counter 8                                    (gateway)
//	7 unreachable id 8                                        (gateway)
//
// A hello with a good MAC and a fresh counter is answered with a cookie, the
// echo of it binds the sender's address to the key and is answered with bound.
// From then on the gateway sends what is for that key's blocks to the address.
// A keepalive from the bound address is answered with alive; from another it
// gets silence, and the client says hello again. Unreachable tells a bound
// sender, at most once a second for each block, that nobody is bound at the
// other end for the id, so that it can take a TCP channel. The MAC is the first 16 bytes
// of HMAC-SHA256 over all of the data before it. No answer is larger than what
// it answers.
const (
	PacketHeader  = 6
	MaxDatagram   = 65507 // of UDP over IPv4
	FlowsPerBlock = 256
)

// Kind is the kind of a control packet.
type Kind byte

// The kinds.
const (
	Hello Kind = 1 + iota
	Cookie
	Echo
	Bound
	Keepalive
	Alive
	Unreachable
)

// ControlPacket is a packet with the id 0.
type ControlPacket struct {
	Kind    Kind
	Key     KeyID    // hello, echo, keepalive
	Counter uint64   // all; of unreachable the id
	Cookie  [16]byte // cookie, echo
}

const helloSize = 64 // of its data, so that the cookie is smaller

var errPacket = errors.New("not a packet")

// PutHeader writes a packet's header; b holds at least PacketHeader bytes.
func PutHeader(b []byte, id uint32, length int) {
	binary.BigEndian.PutUint32(b, id)
	binary.BigEndian.PutUint16(b[4:], uint16(length))
}

// PacketID returns the id of a packet of at least PacketHeader bytes.
func PacketID(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// PutPacketID replaces the id in place.
func PutPacketID(b []byte, id uint32) { binary.BigEndian.PutUint32(b, id) }

// ParsePacket parses a datagram, which holds exactly one packet.
func ParsePacket(b []byte) (id uint32, data []byte, ok bool) {
	if len(b) < PacketHeader || int(binary.BigEndian.Uint16(b[4:])) != len(b)-PacketHeader {
		return 0, nil, false
	}
	return binary.BigEndian.Uint32(b), b[PacketHeader:], true
}

// PacketLength returns how many bytes of data follow a header in a stream.
func PacketLength(header []byte) int { return int(binary.BigEndian.Uint16(header[4:])) }

// Append appends the packet with its header; what the gateway sends is not
// signed.
func (p ControlPacket) Append(b []byte, s Secret) []byte {
	head := len(b)
	b = append(b, make([]byte, PacketHeader)...)
	start := len(b)
	b = append(b, byte(p.Kind))
	switch p.Kind {
	case Hello, Echo:
		b = append(b, ProtocolVersion)
		b = append(b, p.Key[:]...)
	case Keepalive:
		b = append(b, p.Key[:]...)
	case Cookie, Bound, Alive, Unreachable:
	}
	b = binary.BigEndian.AppendUint64(b, p.Counter)
	if p.Kind == Cookie || p.Kind == Echo {
		b = append(b, p.Cookie[:]...)
	}
	if p.Kind == Hello || p.Kind == Echo || p.Kind == Keepalive {
		tag := s.sign(b[start:])
		b = append(b, tag[:]...)
	}
	if p.Kind == Hello {
		b = append(b, make([]byte, start+helloSize-len(b))...)
	}
	PutHeader(b[head:], 0, len(b)-start)
	return b
}

// SignedPacket is a parsed control packet whose MAC nobody has checked yet.
type SignedPacket struct {
	ControlPacket
	signed []byte // aliases the input
	tag    Tag
}

// ParseControl parses the data of a packet with the id 0.
func ParseControl(b []byte) (SignedPacket, error) {
	var p SignedPacket
	if len(b) == 0 {
		return p, errPacket
	}
	p.Kind = Kind(b[0])
	var size int
	version, key, cookie, signed := false, false, false, false
	switch p.Kind {
	case Hello:
		size, version, key, signed = helloSize, true, true, true
	case Cookie:
		size, cookie = 1+8+16, true
	case Echo:
		size, version, key, cookie, signed = 1+1+8+8+16+16, true, true, true, true
	case Bound, Alive, Unreachable:
		size = 1 + 8
	case Keepalive:
		size, key, signed = 1+8+8+16, true, true
	}
	if size == 0 || len(b) != size || version && b[1] != ProtocolVersion {
		return p, errPacket
	}
	rest := b[1:]
	if version {
		rest = rest[1:]
	}
	if key {
		rest = rest[copy(p.Key[:], rest):]
	}
	p.Counter = binary.BigEndian.Uint64(rest)
	rest = rest[8:]
	if cookie {
		rest = rest[copy(p.Cookie[:], rest):]
	}
	if signed {
		p.signed = b[:len(b)-len(rest)]
		rest = rest[copy(p.tag[:], rest):]
	}
	for _, c := range rest { // the padding of a hello
		if c != 0 {
			return p, errPacket
		}
	}
	return p, nil
}

// Verify reports, in constant time, whether the packet was made with s.
func (p *SignedPacket) Verify(s Secret) bool {
	return p.signed != nil && s.verify(p.signed, p.tag)
}
