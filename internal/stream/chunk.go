// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"sync"
	"sync/atomic"
)

// chunk is a piece of memory for bytes on the way: those that were read from
// the application, with their frame's head before them, until they are
// confirmed; or those that came and wait for the application.
type chunk struct {
	buf    []byte // dataHead bytes, then n of data
	n      int
	offset uint64 // of the first byte in the stream
	class  int8
	refs   atomic.Int32 // the stream, and a writer that is in the middle of it
}

// classes are the sizes of chunks: for keystrokes, for requests, for bulk.
var classes = [...]int{2 << 10, 16 << 10, maxData}

var pools [len(classes)]sync.Pool

// newChunk returns one with room for n bytes, or for maxData.
func newChunk(n int) *chunk {
	class := 0
	for class < len(classes)-1 && classes[class] < n {
		class++
	}
	c, ok := pools[class].Get().(*chunk)
	if !ok {
		c = &chunk{buf: make([]byte, dataHead+classes[class]), class: int8(class)}
	}
	c.refs.Store(1)
	c.n = 0
	return c
}

func (c *chunk) space() []byte { return c.buf[dataHead:] }
func (c *chunk) data() []byte  { return c.buf[dataHead : dataHead+c.n] }

// frame is the data with its frame's head, which never changes once written:
// a writer to a channel that was given up may still be reading it.
func (c *chunk) frame() []byte { return c.buf[:dataHead+c.n] }

func (c *chunk) end() uint64 { return c.offset + uint64(c.n) }

// fit returns a chunk that holds the same bytes and not much else: a byte must
// not cost 128 KiB until it is confirmed.
func (c *chunk) fit() *chunk {
	if c.class == 0 || c.n > classes[c.class-1] {
		return c
	}
	small := newChunk(c.n)
	small.n = copy(small.space(), c.data())
	c.release()
	return small
}

// join takes the bytes that follow, if there is room and nobody else reads it:
// a byte must not cost a chunk each either. It takes over more, then.
func (c *chunk) join(more *chunk) bool {
	if c.n+more.n > len(c.space()) || c.refs.Load() != 1 {
		return false
	}
	c.n += copy(c.space()[c.n:], more.data())
	putDataHead(c.buf, c.offset, c.n)
	more.release()
	return true
}

func (c *chunk) hold() { c.refs.Add(1) }

func (c *chunk) release() {
	if c.refs.Add(-1) == 0 {
		pools[c.class].Put(c)
	}
}
