// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wstest

import (
	"bufio"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
)

// The opcodes of RFC 6455 §5.2.
const (
	Continuation byte = 0x0
	Text         byte = 0x1
	Binary       byte = 0x2
	Close        byte = 0x8
	Ping         byte = 0x9
	Pong         byte = 0xA
)

// The reserved bits, as Frame.RSV holds them.
const (
	RSV1 byte = 4
	RSV2 byte = 2
	RSV3 byte = 1
)

// Frame is one frame on the wire. The zero value is final, empty and masked,
// as a client's frames must be; each field breaks one rule.
type Frame struct {
	Op      byte
	RSV     byte
	More    bool // FIN is clear: fragments follow
	Payload []byte

	Bare  bool     // sent without a mask, which RFC 6455 §5.1 forbids to clients
	Key   *[4]byte // the masking key; nil: a random one
	Claim *uint64  // the length that the header states; nil: the true one
	Wide  int      // bytes of extended length, 2 or 8; 0: the fewest that do (§5.2)
}

// T is a final text frame.
func T(s string) Frame { return Frame{Op: Text, Payload: []byte(s)} }

// B is a final binary frame.
func B(p []byte) Frame { return Frame{Op: Binary, Payload: p} }

// CloseFrame is a close frame with a code and a reason, checked for nothing.
func CloseFrame(code int, reason string) Frame {
	p := binary.BigEndian.AppendUint16(nil, uint16(code))
	return Frame{Op: Close, Payload: append(p, reason...)}
}

// Append encodes the frame behind dst.
func (f Frame) Append(dst []byte) []byte {
	b0 := f.RSV<<4 | f.Op
	if !f.More {
		b0 |= 0x80
	}
	n := uint64(len(f.Payload))
	if f.Claim != nil {
		n = *f.Claim
	}
	dst = appendLength(append(dst, b0), n, f.Wide, !f.Bare)
	if f.Bare {
		return append(dst, f.Payload...)
	}
	var key [4]byte
	if f.Key != nil {
		key = *f.Key
	} else {
		binary.LittleEndian.PutUint32(key[:], rand.Uint32()) //nolint:gosec // no proxy to protect in a test
	}
	dst = append(dst, key[:]...)
	at := len(dst)
	dst = append(dst, f.Payload...)
	Mask(dst[at:], key)
	return dst
}

func appendLength(dst []byte, n uint64, wide int, masked bool) []byte {
	var bit byte
	if masked {
		bit = 0x80
	}
	switch {
	case wide == 8 || n > 0xFFFF:
		return binary.BigEndian.AppendUint64(append(dst, bit|127), n)
	case wide == 2 || n > 125:
		return binary.BigEndian.AppendUint16(append(dst, bit|126), uint16(n))
	}
	return append(dst, bit|byte(n))
}

// Mask applies the masking of RFC 6455 §5.3 in place, a block at a time:
// byte by byte, 16 MiB take seconds under the race detector.
func Mask(p []byte, key [4]byte) {
	var block [1024]byte
	for i := range block {
		block[i] = key[i%4]
	}
	for len(p) > 0 {
		n := subtle.XORBytes(p, p, block[:])
		p = p[n:]
	}
}

// Fragments cuts a message into frames of size bytes each, the first with the
// message's opcode and reserved bits and the rest continuations (§5.4).
func Fragments(op, rsv byte, payload []byte, size int) []Frame {
	var fs []Frame
	for len(fs) == 0 || len(payload) > 0 {
		n := min(size, len(payload))
		fs = append(fs, Frame{Op: op, RSV: rsv, More: n < len(payload), Payload: payload[:n]})
		op, rsv, payload = Continuation, 0, payload[n:]
	}
	return fs
}

// maxRead bounds what a server may send to a test.
const maxRead = 64 << 20

var errMasked = errors.New("server sent a masked frame (RFC 6455 §5.1)")

// readFrame reads a server's frame and refuses what only a broken server
// sends. rsv1 says whether an extension gave RSV1 a meaning.
func readFrame(br *bufio.Reader, rsv1 bool) (Frame, error) {
	var h [10]byte
	if _, err := io.ReadFull(br, h[:2]); err != nil {
		return Frame{}, err
	}
	f := Frame{Op: h[0] & 0xF, RSV: h[0] >> 4 & 7, More: h[0]&0x80 == 0, Bare: true}
	n := uint64(h[1] & 0x7F)
	if h[1]&0x80 != 0 {
		return f, errMasked
	}
	if ext := map[uint64]int{126: 2, 127: 8}[n]; ext > 0 {
		if _, err := io.ReadFull(br, h[8-ext:8]); err != nil {
			return f, fmt.Errorf("reading a frame's length: %w", err)
		}
		clear(h[:8-ext])
		n = binary.BigEndian.Uint64(h[:8])
		if ext == 2 && n < 126 || ext == 8 && n <= 0xFFFF {
			return f, fmt.Errorf("server stated length %d in %d bytes (RFC 6455 §5.2)", n, ext)
		}
	}
	if err := checkHeader(f, n, rsv1); err != nil {
		return f, err
	}
	f.Payload = make([]byte, n)
	if _, err := io.ReadFull(br, f.Payload); err != nil {
		return f, fmt.Errorf("reading a frame's payload of %d bytes: %w", n, err)
	}
	return f, nil
}

func checkHeader(f Frame, n uint64, rsv1 bool) error {
	control := f.Op >= Close
	switch {
	case f.Op > Binary && f.Op < Close || f.Op > Pong:
		return fmt.Errorf("server sent reserved opcode %#x (RFC 6455 §5.2)", f.Op)
	case control && (f.More || n > 125):
		return fmt.Errorf("server sent a control frame of %d bytes, final %v (RFC 6455 §5.5)", n, !f.More)
	case f.RSV&^RSV1 != 0, f.RSV != 0 && (!rsv1 || control || f.Op == Continuation):
		return fmt.Errorf("server sent reserved bits %03b with opcode %#x (RFC 6455 §5.2, RFC 7692 §6)", f.RSV, f.Op)
	case n > maxRead:
		return fmt.Errorf("server stated a frame of %d bytes", n)
	}
	return nil
}
