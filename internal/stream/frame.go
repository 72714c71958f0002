// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// A channel carries frames:
//
//	kind 1 · length of the payload 3 · payload
//
// Numbers are big endian. All but hello, ping and pong are about the one stream
// that the channel carries.
type kind byte

const (
	kHello   kind = 1 + iota // version 2 · instance 16 · window in ms 4 · what later versions add; the first of each end
	kOpen                    // id 16 · generation 8 · service
	kResume                  // id 16 · generation 8 · state 24
	kResumed                 // generation 8 · state 24; answers resume, and open from generation 2 on
	kOpened                  // the service has been reached
	kData                    // offset 8 · bytes
	kAck                     // written 8 · limit 8
	kFin                     // offset 8
	kRst                     // code 2
	kEnd                     // nothing more about this stream
	kPing                    // anything 8
	kPong                    // the same 8
	kGone                    // answers resume: the stream is not known; an end as well
	kYield                   // limit 8: the sender gives back what it may send beyond
)

const (
	version = 1

	frameHead  = 4
	dataHead   = frameHead + 8
	maxData    = 128 << 10 // bytes of one data frame
	maxService = 64
	maxHello   = 128
	maxFrame   = 8 + maxData
)

// state is what an end says of what it has received: bytes taken, bytes written
// to its application (with its FIN, which counts as one), and the offset up to
// which it takes more.
type state struct{ got, written, limit uint64 }

// frame is one that is not data.
type frame struct {
	kind       kind
	version    uint16
	instance   Instance
	id         ID
	generation uint64
	state      state
	service    string
	n          uint64 // offset of fin; code of rst; limit of yield; window of hello; of ping and pong
}

// append writes the frame.
func (f *frame) append(b []byte) []byte {
	at := len(b)
	b = append(b, byte(f.kind), 0, 0, 0)
	u64 := binary.BigEndian.AppendUint64
	switch f.kind {
	case kHello:
		b = binary.BigEndian.AppendUint16(b, f.version)
		b = append(b, f.instance[:]...)
		b = binary.BigEndian.AppendUint32(b, uint32(min(f.n, math.MaxUint32)))
	case kOpen:
		b = append(u64(append(b, f.id[:]...), f.generation), f.service...)
	case kResume:
		b = f.state.append(u64(append(b, f.id[:]...), f.generation))
	case kResumed:
		b = f.state.append(u64(b, f.generation))
	case kAck:
		b = u64(u64(b, f.state.written), f.state.limit)
	case kFin, kPing, kPong, kYield:
		b = u64(b, f.n)
	case kOpened, kData, kEnd, kGone: // no payload, or not here
	case kRst:
		b = binary.BigEndian.AppendUint16(b, uint16(f.n))
	}
	putLength(b[at:], len(b)-at-frameHead)
	return b
}

func (s state) append(b []byte) []byte {
	u64 := binary.BigEndian.AppendUint64
	return u64(u64(u64(b, s.got), s.written), s.limit)
}

func putLength(b []byte, n int) { b[1], b[2], b[3] = byte(n>>16), byte(n>>8), byte(n) }

// putDataHead writes what precedes n bytes from offset on.
func putDataHead(b []byte, offset uint64, n int) {
	b[0] = byte(kData)
	putLength(b, n+8)
	binary.BigEndian.PutUint64(b[frameHead:], offset)
}

// lengths of payloads, least and most.
var lengths = [...][2]int{
	kHello: {22, maxHello}, kOpen: {25, 24 + maxService}, kResume: {48, 48}, kResumed: {32, 32}, kOpened: {0, 0},
	kData: {9, maxFrame}, kAck: {16, 16}, kFin: {8, 8}, kRst: {2, 2}, kEnd: {0, 0}, kPing: {8, 8}, kPong: {8, 8}, kGone: {0, 0}, kYield: {8, 8},
}

// parseHead checks kind and length.
func parseHead(b []byte) (kind, int, error) {
	k, n := kind(b[0]), int(b[1])<<16|int(b[2])<<8|int(b[3])
	if k == 0 || int(k) >= len(lengths) {
		return 0, 0, protocolError(fmt.Sprintf("a frame of kind %d", k))
	}
	if l := lengths[k]; n < l[0] || n > l[1] {
		return 0, 0, protocolError(fmt.Sprintf("a frame of kind %d with %d bytes", k, n))
	}
	return k, n, nil
}

// parse reads the payload of any frame but data. Its length has been checked.
func parse(k kind, b []byte) frame {
	f := frame{kind: k}
	u64 := binary.BigEndian.Uint64
	switch k {
	case kHello:
		f.version = binary.BigEndian.Uint16(b)
		copy(f.instance[:], b[2:])
		f.n = uint64(binary.BigEndian.Uint32(b[18:]))
	case kOpen:
		copy(f.id[:], b)
		f.generation, f.service = u64(b[16:]), string(b[24:])
	case kResume:
		copy(f.id[:], b)
		f.generation, f.state = u64(b[16:]), state{u64(b[24:]), u64(b[32:]), u64(b[40:])}
	case kResumed:
		f.generation, f.state = u64(b), state{u64(b[8:]), u64(b[16:]), u64(b[24:])}
	case kAck:
		f.state = state{written: u64(b), limit: u64(b[8:])}
	case kFin, kPing, kPong, kYield:
		f.n = u64(b)
	case kOpened, kData, kEnd, kGone: // no payload, or not here
	case kRst:
		f.n = uint64(binary.BigEndian.Uint16(b))
	}
	return f
}

// scanner reads frames.
type scanner struct {
	path Path
	buf  [maxHello]byte // the longest payload but data's
}

// next reads a frame; of data only what precedes the bytes, of which there are
// n.
func (r *scanner) next() (f frame, n int, err error) {
	head := r.buf[:frameHead]
	if _, err = io.ReadFull(r.path, head); err != nil {
		return f, 0, err
	}
	k, n, err := parseHead(head)
	if err != nil {
		return f, 0, err
	}
	if k == kData {
		if _, err = io.ReadFull(r.path, r.buf[:8]); err != nil {
			return f, 0, err
		}
		return frame{kind: kData, n: binary.BigEndian.Uint64(r.buf[:8])}, n - 8, nil
	}
	if _, err = io.ReadFull(r.path, r.buf[:n]); err != nil {
		return f, 0, err
	}
	return parse(k, r.buf[:n]), 0, nil
}
