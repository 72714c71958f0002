// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

// flush writes what is to be written, unless somebody does.
func (c *Channel) flush() {
	if c.begin() {
		c.write()
	}
}

// flushSoon is flush for those who must not wait.
func (c *Channel) flushSoon() {
	if c.begin() {
		c.host.spawn(c.write)
	}
}

// begin reports whether the caller is to write.
func (c *Channel) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing || c.err != nil {
		c.again = true
		return false
	}
	c.writing = true
	return true
}

// settle waits until all is written, or the channel has ended.
func (c *Channel) settle() {
	c.flush()
	c.mu.Lock()
	if !c.writing {
		c.mu.Unlock()
		return
	}
	if c.calm == nil {
		c.calm = make(chan struct{})
	}
	calm := c.calm
	c.mu.Unlock()
	<-calm
}

// vacate waits until the other end has confirmed the end of the stream, or the
// channel has ended.
func (c *Channel) vacate() {
	c.mu.Lock()
	if c.stream == nil || c.err != nil {
		c.mu.Unlock()
		return
	}
	if c.empty == nil {
		c.empty = make(chan struct{})
	}
	empty := c.empty
	c.mu.Unlock()
	<-empty
}

func (c *Channel) emptyLocked() {
	if c.empty != nil {
		close(c.empty)
		c.empty = nil
	}
}

// flushAt is how many bytes are given to the path before it is flushed: more
// than a frame, so that several streams' worth of small ones go together.
const flushAt = 512 << 10

// write writes until there is nothing more to write.
func (c *Channel) write() {
	scratch := newChunk(0)
	defer scratch.release()
	for {
		c.mu.Lock()
		c.again = false
		b := scratch.buf[:0]
		b = append(b, c.ctl...)
		c.ctl = c.ctl[:0]
		s := c.stream
		c.mu.Unlock()
		if err := c.pass(s, b); err != nil {
			c.kill(err)
		}
		c.mu.Lock()
		if c.err != nil || !c.again && len(c.ctl) == 0 {
			c.writing = false
			if c.calm != nil {
				close(c.calm)
				c.calm = nil
			}
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
	}
}

// pass writes b, and all that a stream has to say.
func (c *Channel) pass(s *Stream, b []byte) error {
	for sum := 0; ; b = b[:0] {
		var data *chunk
		if s != nil {
			b, data = s.next(c, b)
		}
		if len(b) == 0 && data == nil {
			return c.path.Flush()
		}
		sum += len(b)
		_, err := c.path.Write(b)
		if data != nil {
			if err == nil {
				_, err = c.path.Write(data.frame())
			}
			sum += data.n
			data.release()
		}
		if err == nil && sum >= flushAt {
			sum = 0
			err = c.path.Flush()
		}
		if err != nil {
			return err
		}
		if s == nil {
			return c.path.Flush()
		}
	}
}
