// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// A frame (RFC 6455 §5.2) begins with
//
//	byte 0   FIN(1) RSV1(1) RSV2(1) RSV3(1) opcode(4)
//	byte 1   MASK(1) length(7); 126 and 127 announce a longer length
//	         length(16) after 126, length(64, top bit zero) after 127
//	         masking key(32), if MASK is set
const (
	FinBit  = 0x80
	RSV1Bit = 0x40 // the message is compressed (RFC 7692 §6)
	rsvBits = 0x70
	maskBit = 0x80

	// MaxHeader is the longest header: 2 + 8 + 4 bytes.
	MaxHeader = 14
	// MaxServerHeader is the longest header without a masking key.
	MaxServerHeader = 10
	// MaxControl is the longest payload of a control frame.
	MaxControl = 125
)

// Opcode says what a frame carries.
type Opcode byte

// The opcodes of RFC 6455 §11.8; all others are reserved.
const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xA
)

// IsControl reports whether frames of this opcode are control frames.
func (o Opcode) IsControl() bool { return o&0x8 != 0 }

// Known reports whether RFC 6455 defines the opcode.
func (o Opcode) Known() bool { return o <= Binary || o >= Close && o <= Pong }

// Header is the decoded beginning of a frame.
type Header struct {
	Fin    bool
	RSV    byte // the three reserved bits as they stand in byte 0
	Opcode Opcode
	Masked bool
	Length int64
	Long   bool // the length is stated in more bytes than it needs
	Key    [4]byte
}

// ErrLength means a 64-bit length with its top bit set.
var ErrLength = errors.New("frame length has its top bit set")

// ParseHeader decodes the header at the start of b. size is its length in
// bytes, or 0 if b does not hold all of it yet.
func ParseHeader(b []byte) (h Header, size int, err error) {
	if len(b) < 2 {
		return h, 0, nil
	}
	h.Fin = b[0]&FinBit != 0
	h.RSV = b[0] & rsvBits
	h.Opcode = Opcode(b[0] & 0xF)
	h.Masked = b[1]&maskBit != 0
	size = 2
	switch n := b[1] &^ maskBit; n {
	case 126:
		size = 4
	case 127:
		size = 10
	default:
		h.Length = int64(n)
	}
	end := size
	if h.Masked {
		end += 4
	}
	if len(b) < end {
		return Header{}, 0, nil
	}
	switch size {
	case 4:
		h.Length = int64(binary.BigEndian.Uint16(b[2:]))
		h.Long = h.Length < 126
	case 10:
		n := binary.BigEndian.Uint64(b[2:])
		if n>>63 != 0 {
			return h, 0, ErrLength
		}
		h.Length = int64(n)
		h.Long = n < 1<<16
	}
	if h.Masked {
		copy(h.Key[:], b[size:])
	}
	return h, end, nil
}

// ServerHeaderSize is the length of the header that AppendServerHeader writes
// for n bytes of payload.
func ServerHeaderSize(n int) int {
	switch {
	case n < 126:
		return 2
	case n < 1<<16:
		return 4
	}
	return MaxServerHeader
}

// AppendServerHeader appends the header of a frame that a server sends: first
// is byte 0, n the length of the payload, and there is no mask.
func AppendServerHeader(b []byte, first byte, n int) []byte {
	switch {
	case n < 126:
		return append(b, first, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, first, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(b, first, 127), uint64(n))
}

// Mask applies a masking key to b in place (RFC 6455 §5.3). pos is the offset
// of b in the frame's payload modulo 4; the result is that of what follows b.
func Mask(key [4]byte, pos int, b []byte) int {
	k := bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(pos&3))
	next := (pos + len(b)) & 3
	wide := uint64(k)<<32 | uint64(k)
	for len(b) >= 32 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
		binary.LittleEndian.PutUint64(b[8:], binary.LittleEndian.Uint64(b[8:])^wide)
		binary.LittleEndian.PutUint64(b[16:], binary.LittleEndian.Uint64(b[16:])^wide)
		binary.LittleEndian.PutUint64(b[24:], binary.LittleEndian.Uint64(b[24:])^wide)
		b = b[32:]
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(k >> (8 * (i & 3)))
	}
	return next
}
