// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// copier moves a link's bytes through memory, with a goroutine for each
// direction and one that waits for both: for connections that are not two TCP
// sockets, and where there is no engine. It sees a reset only when it reads or
// writes.
type copier struct {
	l    *Link
	conn [2]Conn      // A and B
	last atomic.Int64 // when a byte moved, in nanoseconds since begun

	begun time.Time
	stop  chan struct{} // closed with the first failure
	once  sync.Once
	err   error // set before stop is closed
}

const copySize = 32 << 10

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, copySize); return &b }}

func startCopy(l *Link, a, b Conn) mover {
	c := &copier{l: l, conn: [2]Conn{a, b}, begun: time.Now(), stop: make(chan struct{})}
	for i := range c.conn {
		conn, err := Plain(c.conn[i])
		if err != nil {
			_ = c.conn[1-i].Reset()
			go l.end(err) // the caller may hold what Done wants
			return c
		}
		c.conn[i] = conn
		resetOnClose(conn, true)
		_ = c.conn[i].SetDeadline(time.Time{}) // fails on closed ones only
	}
	go c.run()
	return c
}

// run owns the directions; Mover.Close waits for it through Link.end.
func (c *copier) run() {
	var ways, watch sync.WaitGroup
	for d := range c.conn {
		ways.Go(func() {
			if err := c.copy(d); err != nil {
				c.reset(err)
			}
		})
	}
	ended := make(chan struct{})
	if c.l.opt.Meter != nil {
		watch.Go(func() { c.watch(ended) })
	}
	ways.Wait()
	close(ended)
	watch.Wait()
	c.once.Do(func() { close(c.stop) }) // a reset that comes now is too late; one under way is waited for
	for _, conn := range c.conn {
		if c.err == nil {
			resetOnClose(conn, false)
		}
		_ = conn.Close() // reset closed it already, if there was one
	}
	c.l.end(c.err)
}

// watch resets the link when nothing has moved for too long.
func (c *copier) watch(ended <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			idle := c.l.opt.Meter.Idle()
			if idle > 0 && time.Since(c.begun)-time.Duration(c.last.Load()) > idle {
				c.reset(ErrIdle)
				return
			}
		case <-ended:
			return
		}
	}
}

// reset implements mover.
func (c *copier) reset(err error) {
	c.once.Do(func() {
		c.err = err
		close(c.stop)
		for _, conn := range c.conn {
			_ = conn.Reset()
		}
	})
}

// copy moves one direction until its FIN has been passed on.
func (c *copier) copy(d int) error {
	src, dst := c.conn[d], c.conn[1-d]
	if err := c.write(dst, c.l.opt.First[d], d); err != nil {
		return err
	}
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	answer := c.l.opt.Answer
	if d == Forward {
		answer = nil
	}
	kept := 0 // bytes of a short answer
	for {
		got, err := src.Read((*buf)[kept:])
		b := (*buf)[:kept+got]
		kept = 0
		if answer != nil && len(b) > 0 {
			skip, aerr := answer(b)
			switch {
			case errors.Is(aerr, ErrShort) && len(b) < maxAnswer:
				kept, b = len(b), nil
			case aerr != nil:
				return aerr
			default:
				answer, b = nil, b[skip:]
			}
		}
		end := errors.Is(err, io.EOF)
		if end && answer != nil {
			return io.ErrUnexpectedEOF // before any answer
		}
		if len(b) > 0 || end {
			b = c.lead(b, d)
		}
		if werr := c.write(dst, b, d); werr != nil {
			return werr
		}
		switch {
		case end:
			return dst.CloseWrite()
		case err != nil:
			return err
		}
	}
}

// lead puts what goes out with the first bytes before them.
func (c *copier) lead(b []byte, d int) []byte {
	o := &c.l.opt
	if len(o.Lead[d]) == 0 {
		return b
	}
	b = append(o.Lead[d], b...)
	o.Own[d] += len(o.Lead[d])
	if o.Meter != nil {
		o.Meter.GiveBack(len(o.Lead[d])) // which write is about to take
	}
	o.Lead[d] = nil
	return b
}

// write passes b on as the meter allows.
func (c *copier) write(dst Conn, b []byte, d int) error {
	for len(b) > 0 {
		allowed, err := c.allow(len(b))
		if err != nil {
			return err
		}
		n, err := dst.Write(b[:allowed])
		c.last.Store(int64(time.Since(c.begun)))
		c.l.took(n, d)
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// allow waits for the meter's leave to write some of n bytes.
func (c *copier) allow(n int) (int, error) {
	m := c.l.opt.Meter
	if m == nil {
		return n, nil
	}
	for {
		allowed, wait := m.Allow(n)
		if allowed > 0 {
			return allowed, nil
		}
		if wait == 0 {
			return 0, ErrQuota
		}
		select {
		case <-time.After(wait):
		case <-c.stop:
			return 0, c.err
		}
	}
}

// resetOnClose makes the end of the process, or a close, a RST on a TCP socket.
func resetOnClose(c Conn, on bool) {
	if t, ok := c.(interface{ SetLinger(sec int) error }); ok {
		sec := -1 // the system's way
		if on {
			sec = 0
		}
		_ = t.SetLinger(sec) // fails on closed ones only
	}
}
