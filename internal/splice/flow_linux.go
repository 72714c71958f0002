// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/culvertd/culvert/internal/rawio"
)

// turnReads bounds the small reads of one turn.
const turnReads = 4

// flow is a link in a loop: two sockets and the two ways between them.
type flow struct {
	lp     *loop
	l      *Link
	end    [2]end
	way    [2]way
	last   int64 // second of lp in which bytes moved last
	until  time.Duration
	failed error // of a socket, to be dealt with in the next turn
	queued bool  // for a turn
	held   bool  // by its meter
	lent   bool  // in the loop's list of those that keep a pipe
	ended  bool
}

// way is one direction. While nothing moves it holds no memory.
type way struct {
	kept  []byte // read, and not taken by the receiver yet
	heavy int    // bytes of kept that came out of a pipe
	pipe  *pipe  // likewise, behind kept; for a second or two
	since int64  // when pipe was kept, in seconds of the loop
	bulk  bool
	fin   bool   // read
	shut  bool   // passed on: this way has ended
	reply []byte // of an answer that is not complete
}

// start sends what goes first, on the caller's goroutine, so that it waits for
// nobody, and gives the flow to its loop.
func (f *flow) start() {
	for i := range f.end {
		linger(f.end[i].fd, true) // until both ends are heard: a process that dies must not look like a good end
	}
	f.last = int64(time.Since(f.lp.begun) / time.Second)
	for d := range f.way {
		if f.way[d].kept = f.first(d); len(f.way[d].kept) > 0 && f.failed == nil {
			f.failed = f.flush(d)
		}
	}
	f.lp.addFlow(f)
}

// first returns what goes out first, and along with it what has come already.
func (f *flow) first(d int) []byte {
	first := f.l.opt.First[d]
	f.l.opt.First[d] = nil
	known := f.end[d].events != 0 && !f.end[d].readable // that there is no more
	if len(first) == 0 || d == Backward || known || len(f.l.opt.Lead[d]) > 0 {
		return first
	}
	const more = 4 << 10
	allowed, _ := f.allow(more)
	if allowed == 0 {
		return first
	}
	buf := append(make([]byte, 0, len(first)+allowed), first...)
	n, _ := rawio.Read(f.end[d].fd, buf[len(buf):cap(buf)]) // an error stays for the next read
	n = max(n, 0)
	f.giveBack(allowed - n)
	return buf[:len(buf)+n]
}

// turn moves what there is, up to a bound, and then lets other flows have
// theirs.
func (f *flow) turn() {
	f.queued = false
	if f.ended {
		return
	}
	if f.failed != nil {
		f.fail(f.failed)
		return
	}
	again := false
	for d := range f.way {
		more, err := f.move(d)
		if err != nil {
			f.fail(err)
			return
		}
		again = again || more
	}
	switch {
	case f.way[Forward].shut && f.way[Backward].shut:
		for i := range f.end {
			linger(f.end[i].fd, false)
		}
		f.close(nil)
	case again && !f.held:
		f.lp.enqueue(f)
	}
}

// move does one way's turn, and reports whether there may be more to do.
func (f *flow) move(d int) (more bool, err error) {
	w, src, dst := &f.way[d], &f.end[d], &f.end[1-d]
	for range turnReads {
		if len(w.kept) > 0 || w.pipe != nil {
			if err := f.flush(d); err != nil {
				return false, err
			}
		}
		switch {
		case len(w.kept) > 0 || w.pipe != nil || w.shut:
			return false, nil
		case w.fin:
			w.shut = true
			if f.way[1-d].shut {
				return false, nil // the close that follows says it
			}
			return false, shutdown(dst.fd)
		case !src.readable || !dst.writable || f.held:
			return false, nil
		}
		if w.bulk {
			if p := f.lp.pipes.get(); p != nil {
				return f.splice(d, p)
			}
		}
		if err := f.copy(d); err != nil {
			return false, err
		}
	}
	return true, nil
}

// copy moves what one read gives, through the loop's buffer.
func (f *flow) copy(d int) error {
	w, src := &f.way[d], &f.end[d]
	size := smallRead
	if w.bulk {
		size *= 4 // there is no pipe
	}
	allowed, wait := f.allow(size)
	if allowed == 0 {
		if wait == 0 {
			return ErrQuota
		}
		f.lp.hold(f, wait)
		return nil
	}
	n, err := rawio.Read(src.fd, f.lp.buf[headroom:headroom+allowed])
	f.giveBack(allowed - max(n, 0))
	switch {
	case err == unix.EAGAIN: //nolint:errorlint // it comes from the system call
		src.readable = false
		return nil
	case err != nil:
		return err
	case n == 0:
		return f.finish(d)
	}
	// A short read has emptied the queue, and the next byte is a new event. A
	// FIN behind the bytes was part of the event that has been.
	if n < allowed && !src.hup {
		src.readable = false
	}
	w.bulk = n == size
	f.last = f.lp.now
	b := f.lp.buf[headroom : headroom+n]
	if d == Backward && f.l.opt.Answer != nil {
		if b, err = f.answer(b); err != nil || b == nil {
			return err
		}
	}
	if lead := f.l.opt.Lead[d]; len(lead) > 0 && len(b) > 0 {
		b = f.lead(d, b)
	}
	return f.write(d, b)
}

// answer gives the first bytes to Options.Answer and returns those for A; nil
// if there are none yet.
func (f *flow) answer(b []byte) ([]byte, error) {
	w := &f.way[Backward]
	if len(w.reply) > 0 {
		b = append(w.reply, b...)
		w.reply = nil
	}
	skip, err := f.l.opt.Answer(b)
	if errors.Is(err, ErrShort) && len(b) < maxAnswer {
		w.reply = append([]byte(nil), b...)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f.l.opt.Answer = nil
	return b[skip:], nil
}

// lead puts a lead before b, in the headroom if b lies right behind it.
func (f *flow) lead(d int, b []byte) []byte {
	o := &f.l.opt
	lead := o.Lead[d]
	o.Lead[d] = nil
	o.Own[d] += len(lead)
	if at := headroom - len(lead); at >= 0 && len(b) > 0 && &b[0] == &f.lp.buf[headroom] {
		copy(f.lp.buf[at:], lead)
		return f.lp.buf[at : headroom+len(b)]
	}
	return append(append([]byte(nil), lead...), b...)
}

// finish notes a FIN that has been read.
func (f *flow) finish(d int) error {
	w := &f.way[d]
	if d == Backward && f.l.opt.Answer != nil {
		return io.ErrUnexpectedEOF
	}
	w.fin, f.end[d].readable = true, false
	if len(f.l.opt.Lead[d]) > 0 {
		return f.write(d, f.lead(d, nil))
	}
	return nil
}

// splice moves what is there through p, without copying it. What the receiver
// does not take at once stays in the pipe for a while: a receiver that keeps up
// takes it in a millisecond, and copying it would double the cost.
func (f *flow) splice(d int, p *pipe) (more bool, err error) {
	w, src := &f.way[d], &f.end[d]
	allowed, wait := f.allow(mostSplice)
	if allowed == 0 {
		f.lp.pipes.put(p)
		if wait == 0 {
			return false, ErrQuota
		}
		f.lp.hold(f, wait)
		return false, nil
	}
	n, err := p.fill(src.fd, allowed)
	f.giveBack(allowed - max(n, 0))
	if err != nil || n == 0 {
		f.lp.pipes.put(p)
		if err == unix.EAGAIN { //nolint:errorlint // it comes from the system call
			src.readable = false
			return false, nil
		}
		if err == nil {
			err = f.finish(d)
		}
		return err == nil, err
	}
	f.last = f.lp.now
	w.bulk = n >= smallRead
	w.pipe, w.since = p, f.lp.now
	if err := f.flush(d); err != nil {
		return false, err
	}
	if w.pipe != nil && !f.lent {
		f.lent = true
		f.lp.lend(f)
	}
	return w.pipe == nil, nil
}

// emptyPipes gives pipes back that have been full for a second, with what they
// held in memory (rules R6).
func (f *flow) emptyPipes() error {
	for d := range f.way {
		w := &f.way[d]
		if w.pipe == nil || f.lp.now <= w.since+1 || f.lp.heavy+w.pipe.n > maxHeavy {
			continue
		}
		b, err := w.pipe.empty()
		if err != nil {
			return err
		}
		w.kept = append(w.kept, b...)
		w.heavy += len(b)
		f.lp.heavy += len(b)
		f.lp.pipes.put(w.pipe)
		w.pipe = nil
	}
	return nil
}

// write sends b, of which it keeps what the receiver does not take.
func (f *flow) write(d int, b []byte) error {
	n, err := f.send(d, b)
	if err != nil {
		return err
	}
	if n < len(b) {
		f.way[d].kept = append([]byte(nil), b[n:]...)
	}
	return nil
}

// flush sends what is kept.
func (f *flow) flush(d int) error {
	w, dst := &f.way[d], &f.end[1-d]
	if len(w.kept) > 0 && dst.writable {
		n, err := f.send(d, w.kept)
		if w.kept = w.kept[n:]; len(w.kept) == 0 {
			f.dropKept(d)
		}
		if err != nil {
			return err
		}
	}
	if w.pipe == nil || len(w.kept) > 0 || !dst.writable {
		return nil
	}
	n, err := w.pipe.drain(dst.fd)
	f.l.took(n, d)
	if n > 0 {
		w.since = f.lp.now
	}
	if err == unix.EAGAIN { //nolint:errorlint // it comes from the system call
		f.blocked(dst)
		return nil
	}
	if w.pipe.n == 0 {
		f.lp.pipes.put(w.pipe)
		w.pipe = nil
	}
	return err
}

func (f *flow) dropKept(d int) {
	w := &f.way[d]
	if w.heavy > 0 { // start calls this outside of the loop, where nothing is heavy
		f.lp.heavy -= w.heavy
	}
	w.kept, w.heavy = nil, 0
}

func (f *flow) send(d int, b []byte) (int, error) {
	dst := &f.end[1-d]
	sent := 0
	for sent < len(b) {
		n, err := rawio.Send(dst.fd, b[sent:])
		if err == unix.EAGAIN { //nolint:errorlint // it comes from the system call
			f.blocked(dst)
			break
		}
		if err != nil {
			return sent, err
		}
		sent += n
	}
	f.l.took(sent, d)
	return sent, nil
}

// blocked notes that there is no room at dst.
func (f *flow) blocked(dst *end) {
	dst.writable = false
	if dst.events&unix.EPOLLOUT == 0 {
		f.lp.askRoom(dst)
	}
}

// noteBroken asks why a socket has failed.
func (f *flow) noteBroken(e *end) {
	if e.broken && f.failed == nil {
		f.failed = socketError(e.fd)
	}
	e.broken = false
}

func (f *flow) allow(n int) (int, time.Duration) {
	if m := f.l.opt.Meter; m != nil {
		return m.Allow(n)
	}
	return n, 0
}

func (f *flow) giveBack(n int) {
	if m := f.l.opt.Meter; m != nil && n > 0 {
		m.GiveBack(n)
	}
}

// checkIdle resets a flow that has been silent for too long.
func (f *flow) checkIdle() {
	idle := f.l.opt.Meter.Idle()
	if idle > 0 && time.Duration(f.lp.now-f.last)*time.Second > idle {
		f.fail(ErrIdle)
	}
}

// reset implements mover; it is called from anywhere.
func (f *flow) reset(err error) { f.lp.post(note{flow: f, err: err}) }

// fail ends the flow with a reset of both sockets (rules R4).
func (f *flow) fail(err error) {
	if f.ended {
		return
	}
	for i := range f.end {
		linger(f.end[i].fd, true)
	}
	if errno, ok := err.(unix.Errno); ok { //nolint:errorlint // it comes from the system call
		err = os.NewSyscallError("relaying", errno)
	}
	f.close(err)
}

// close closes both sockets and ends the link.
func (f *flow) close(err error) {
	f.ended = true
	for i := range f.end {
		f.lp.remove(f.end[i].fd)
		closeSocket(f.end[i].fd)
		if p := f.way[i].pipe; p != nil {
			f.lp.pipes.put(p)
		}
		f.dropKept(i)
		f.way[i] = way{shut: true}
	}
	f.l.end(err)
}

// abandon ends a flow whose i-th socket could not be had.
func (f *flow) abandon(i int, b Conn, err error) {
	f.ended = true
	if i == 0 {
		_ = b.Reset()
	} else {
		f.lp.remove(f.end[0].fd)
		closeReset(f.end[0].fd)
	}
	go f.l.end(err) // its caller may hold what Done wants; Mover.Close waits for it
}
