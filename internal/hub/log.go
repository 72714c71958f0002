// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"slices"
	"sort"

	"github.com/culvertd/culvert/internal/wire"
)

// Chunk sizes in bytes of frames. A quiet endpoint starts small, a busy one
// doubles with every chunk.
const (
	minChunk = 2 << 10
	maxChunk = 128 << 10
	// bytesPerMark sets how many messages a chunk has room for.
	bytesPerMark = 32
	markSize     = 12
	minMarks     = 16
)

// encoding is one of the two ways in which a message stands in the log.
type encoding uint8

const (
	plain  encoding = iota
	packed          // deflated where that is shorter (RFC 7692)
	encodings
)

// mark is where a message ends in its chunk.
type mark struct {
	end     [encodings]uint32 // offset behind its frame
	payload uint32            // payload bytes of the chunk's messages up to here
}

// chunk is a run of messages as the bytes of their frames. Its slices have
// their full length from the start and never change; what they hold below the
// end of a view is immutable, so that writers read it without a lock. Chunks
// have no pointers to one another: a stuck write pins its own chunk only.
type chunk struct {
	base  uint64 // number of its first message
	began uint64 // bytes that the log had been charged before it
	marks []mark
	data  [encodings][]byte // data[packed] is nil where nobody wants it

	// Guarded by the endpoint's lock.
	n    int // messages
	used [encodings]int
}

func (c *chunk) size() int64 {
	return int64(len(c.data[plain]) + len(c.data[packed]) + markSize*len(c.marks))
}

// offset is where message number num begins; num may be one past the last.
func (c *chunk) offset(num uint64, enc encoding) int {
	if num == c.base {
		return 0
	}
	return int(c.marks[num-c.base-1].end[enc])
}

// payload is the sum of the payloads of messages from to to-1.
func (c *chunk) payload(from, to uint64) uint64 {
	if from == to {
		return 0
	}
	sum := uint64(c.marks[to-c.base-1].payload)
	if from > c.base {
		sum -= uint64(c.marks[from-c.base-1].payload)
	}
	return sum
}

// whole returns the number of the first message at or after from that does not
// end at or before the offset: how far a write that reached it came.
func (c *chunk) whole(from, to uint64, off int, enc encoding) uint64 {
	i, j := int(from-c.base), int(to-c.base)
	return from + uint64(sort.Search(j-i, func(k int) bool { return int(c.marks[i+k].end[enc]) > off }))
}

// log is the bounded sequence of an endpoint's messages. The endpoint's lock
// guards it; a view of it may be read without.
type log struct {
	chunks []*chunk // replaced, never changed below its length
	end    uint64   // number that the next message gets; the first is 1
	bytes  int64    // size of chunks
	total  uint64   // size of all chunks ever
	next   int      // size of the next chunk
}

// view is an immutable picture of the log.
type view struct {
	chunks []*chunk
	end    uint64
}

func (l *log) view() view { return view{l.chunks, l.end} }

// first is the number of the oldest message that is still there.
func (v view) first() uint64 {
	if len(v.chunks) == 0 {
		return v.end
	}
	return v.chunks[0].base
}

// find returns the chunk of message num and the number behind the chunk's last
// message; num must be in [first, end).
func (v view) find(num uint64) (*chunk, uint64) {
	i := len(v.chunks) - 1
	if v.chunks[i].base > num { // else it is the newest, as for all who keep up
		i = sort.Search(i, func(k int) bool { return v.chunks[k].base > num }) - 1
		return v.chunks[i], v.chunks[i+1].base
	}
	return v.chunks[i], v.end
}

// append adds a message and returns its number. deflated is its compressed
// form or nil; wantPacked says whether receivers of the packed encoding exist.
// grown is by how many bytes the log's memory has grown.
func (l *log) append(op wire.Opcode, payload, deflated []byte, wantPacked bool) (num uint64, grown int64) {
	size := wire.ServerHeaderSize(len(payload)) + len(payload)
	c := l.last()
	if c == nil || c.n == len(c.marks) || len(c.data[plain])-c.used[plain] < size || wantPacked && c.data[packed] == nil {
		c = l.grow(size, wantPacked)
		grown = c.size()
	}
	c.put(plain, wire.FinBit|byte(op), payload)
	if c.data[packed] != nil {
		if deflated != nil && len(deflated) < len(payload) {
			c.put(packed, wire.FinBit|wire.RSV1Bit|byte(op), deflated)
		} else {
			c.put(packed, wire.FinBit|byte(op), payload)
		}
	}
	m := mark{payload: uint32(len(payload))}
	if c.n > 0 {
		m.payload += c.marks[c.n-1].payload
	}
	for e := range m.end {
		m.end[e] = uint32(c.used[e])
	}
	c.marks[c.n] = m
	c.n++
	l.end++
	return l.end - 1, grown
}

func (c *chunk) put(e encoding, first byte, payload []byte) {
	b := wire.AppendServerHeader(c.data[e][c.used[e]:c.used[e]], first, len(payload))
	c.used[e] += len(b) + copy(c.data[e][c.used[e]+len(b):], payload)
}

func (l *log) last() *chunk {
	if len(l.chunks) == 0 {
		return nil
	}
	return l.chunks[len(l.chunks)-1]
}

// grow starts a chunk that has room for a frame of size bytes at least.
func (l *log) grow(size int, wantPacked bool) *chunk {
	l.next = min(max(2*l.next, minChunk), maxChunk)
	n := max(l.next, size)
	c := &chunk{base: l.end, began: l.total, marks: make([]mark, max(l.next/bytesPerMark, minMarks))}
	c.data[plain] = make([]byte, n)
	if wantPacked {
		c.data[packed] = make([]byte, n)
	}
	l.chunks = append(l.chunks, c)
	l.bytes += c.size()
	l.total += uint64(c.size())
	return c
}

// release lets go of the chunks that hold nothing at or after low, but keeps
// the newest, which still has room. It returns the bytes that became free.
func (l *log) release(low uint64) int64 {
	k := 0
	for k < len(l.chunks)-1 && l.chunks[k+1].base <= low {
		k++
	}
	return l.drop(k)
}

// trim drops the oldest chunks until the log is at most limit bytes, whoever
// still wanted them; the newest stays.
func (l *log) trim(limit int64) int64 {
	k := 0
	for rest := l.bytes; k < len(l.chunks)-1 && rest > limit; k++ {
		rest -= l.chunks[k].size()
	}
	return l.drop(k)
}

// rest lets go of everything when nobody lags, and the next chunk is small
// again: for endpoints that have become quiet.
func (l *log) rest(low uint64) int64 {
	if low < l.end {
		return 0
	}
	l.next = 0
	return l.drop(len(l.chunks))
}

func (l *log) drop(k int) (freed int64) {
	if k == 0 {
		return 0
	}
	for _, c := range l.chunks[:k] {
		freed += c.size()
	}
	l.bytes -= freed
	// A new slice: views share the old one, and it must not pin what is gone.
	l.chunks = slices.Clone(l.chunks[k:])
	return freed
}

// ahead is roughly how many bytes have been appended since message num.
func (l *log) ahead(num uint64) int64 {
	if num >= l.end || len(l.chunks) == 0 {
		return 0
	}
	v := l.view()
	if num < v.first() {
		return l.bytes
	}
	c, _ := v.find(num)
	return int64(l.total - c.began - uint64(c.size()))
}
