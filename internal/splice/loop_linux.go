// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"encoding/binary"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Sizes of the ways through a loop.
const (
	// smallRead is what is tried first and moves interactive traffic with one
	// read and one write. A read that fills it makes the way a bulk one.
	smallRead = 16 << 10
	// headroom is kept free before a read, for a lead.
	headroom = 64
	// mostSplice bounds one splice. Smaller ones cost more and gain no latency.
	mostSplice = 1 << 20
	// maxHeavy bounds what is kept in memory out of pipes. Over it they stay
	// full, and when there are no more of them, links are copied in small
	// pieces.
	maxHeavy = 64 << 20
)

// end is one socket in a loop: of a flow, or with a berth.
type end struct {
	fd       int
	flow     *flow
	berth    *berth
	guest    Guest  // of berth, until it has left
	call     *call  // of berth, until it is connected
	events   uint32 // that are asked for; 0 if the loop does not know it yet
	readable bool   // until a read says otherwise
	writable bool   // until a write says otherwise
	hup      bool   // a FIN is in the queue, perhaps behind data
	broken   bool   // the socket has an error, which has yet to be asked for
}

// loop is one goroutine with an epoll set. A flow belongs to one loop for
// life, and only that loop touches it once it has started.
type loop struct {
	ep   *os.File // the epoll set, itself watched by the runtime's poller, so that waiting blocks no thread
	raw  syscall.RawConn
	wake int // eventfd
	done chan struct{}

	mu       sync.Mutex // guards the fields below; inside nothing
	ends     map[int]*end
	inbox    []note
	asleep   bool
	ticking  bool // tick is armed: some flow has a meter
	stopping bool

	// The loop's own.
	events [128]unix.EpollEvent
	n      int // of events
	poll   func(fd uintptr) bool
	lobby  []*end  // guests with something to read, and dials that are over
	small  queue   // flows with something to do, in turn
	bulk   queue   // those that move much: one at a time, between all small ones
	slow   []*flow // held by their meter
	buf    []byte
	notes  []note
	pipes  pipes
	heavy  int     // bytes that were in pipes and are in memory
	full   []*flow // with a pipe whose receiver takes nothing at the moment
	now    int64   // seconds since begun
	begun  time.Time
	tick   *time.Timer
	alarm  *time.Timer // for slow
}

// note is a message to a loop: that a flow has something to do or, with an
// error, is to be reset; that a parked socket is lost, or had spoken already.
type note struct {
	flow    *flow
	err     error
	berth   *berth
	heard   *end
	dismiss bool          // all guests and dials
	done    chan struct{} // closed when they are, if it is there
}

func newLoop() (*loop, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(ep)
		return nil, os.NewSyscallError("eventfd", err)
	}
	lp := &loop{
		wake: wake, done: make(chan struct{}), ends: make(map[int]*end),
		buf: make([]byte, headroom+4*smallRead), begun: time.Now(),
	}
	_ = unix.SetNonblock(ep, true) // os.NewFile takes only such into the poller
	lp.ep = os.NewFile(uintptr(ep), "epoll")
	lp.raw, err = lp.ep.SyscallConn()
	if err == nil {
		err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(wake)})
	}
	if err != nil {
		_ = lp.ep.Close()
		_ = unix.Close(wake)
		return nil, err
	}
	lp.poll = func(fd uintptr) bool {
		lp.n = epollWait(int(fd), lp.events[:])
		return lp.n > 0
	}
	lp.tick, lp.alarm = time.AfterFunc(time.Hour, lp.rouse), time.AfterFunc(time.Hour, lp.rouse)
	return lp, nil
}

// run is the life of a loop.
func (lp *loop) run() {
	defer close(lp.done)
	for {
		if !lp.receive() {
			return
		}
		lp.clock()
		lp.greet()
		for f := lp.small.pop(); f != nil; f = lp.small.pop() {
			f.turn()
		}
		if f := lp.bulk.pop(); f != nil {
			f.turn()
			runtime.Gosched() // the calls have not let go of the processor
		}
		lp.gather()
	}
}

// gather gets events, and waits for some if there is nothing else to do.
func (lp *loop) gather() {
	lp.mu.Lock()
	wait := lp.small.empty() && lp.bulk.empty() && len(lp.inbox) == 0 && !lp.stopping
	lp.asleep = wait
	lp.mu.Unlock()
	lp.n = 0
	var err error
	if wait {
		err = lp.raw.Read(lp.poll)
	} else {
		err = lp.raw.Control(func(fd uintptr) { lp.poll(fd) })
	}
	lp.mu.Lock()
	defer lp.mu.Unlock()
	lp.asleep = false
	if err != nil { // the file is closed by stop alone
		lp.stopping = true
	}
	for i := range lp.events[:lp.n] {
		lp.eventLocked(&lp.events[i])
	}
}

// eventLocked notes what an event says. What it asks for is done in a turn.
func (lp *loop) eventLocked(ev *unix.EpollEvent) {
	if int(ev.Fd) == lp.wake {
		var b [8]byte
		_, _ = unix.Read(lp.wake, b[:])
		return
	}
	e := lp.ends[int(ev.Fd)]
	if e == nil {
		return // closed meanwhile
	}
	const in = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR
	e.readable = e.readable || ev.Events&in != 0
	e.writable = e.writable || ev.Events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0
	e.hup = e.hup || ev.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP) != 0
	e.broken = e.broken || ev.Events&unix.EPOLLERR != 0
	switch {
	case e.guest != nil || e.call != nil:
		lp.lobby = append(lp.lobby, e)
	case e.berth != nil:
		lp.spokenLocked(e)
	default:
		e.flow.noteBroken(e)
		lp.enqueue(e.flow)
	}
}

// spokenLocked is called when a berth has been heard, unless it is a guest. For
// one that has been taken what it has said is noted.
func (lp *loop) spokenLocked(e *end) {
	p := e.berth
	switch {
	case !e.readable || !p.state.CompareAndSwap(berthParked, berthLost):
	case p.guest != nil:
		e.guest = p.guest
		lp.lobby = append(lp.lobby, e)
		lp.tickLocked()
	default:
		delete(lp.ends, e.fd)
		lp.inbox = append(lp.inbox, note{berth: p})
	}
}

// enqueue has a flow get a turn.
func (lp *loop) enqueue(f *flow) {
	if f.queued || f.ended {
		return
	}
	f.queued = true
	if f.way[Forward].bulk || f.way[Backward].bulk {
		lp.bulk.push(f)
	} else {
		lp.small.push(f)
	}
}

// receive does what others have asked for; false means that it is time to go.
func (lp *loop) receive() bool {
	lp.mu.Lock()
	lp.notes, lp.inbox = lp.inbox, lp.notes[:0]
	stopping := lp.stopping
	lp.mu.Unlock()
	for i, n := range lp.notes {
		switch {
		case n.dismiss:
			lp.sendAway(func(Guest) bool { return true })
			lp.hangUp()
			if n.done != nil {
				close(n.done)
			}
		case n.berth != nil:
			closeReset(n.berth.fd)
			n.berth.lost()
		case n.heard != nil:
			lp.mu.Lock()
			if lp.ends[n.heard.fd] == n.heard {
				lp.spokenLocked(n.heard)
			}
			lp.mu.Unlock()
		case n.err != nil:
			n.flow.fail(n.err)
		default:
			lp.enqueue(n.flow)
		}
		lp.notes[i] = note{}
	}
	return !stopping
}

// clock does what is due once a second, and lets go of what its meter held.
func (lp *loop) clock() {
	since := time.Since(lp.begun)
	if now := int64(since / time.Second); now != lp.now {
		lp.now = now
		lp.reclaim()
		lp.sendAway(Guest.Overdue)
		for _, f := range lp.flows() {
			f.checkIdle()
		}
	}
	if len(lp.slow) == 0 {
		return
	}
	next := time.Hour
	kept := lp.slow[:0]
	for _, f := range lp.slow {
		if wait := f.until - since; wait > 0 && !f.ended {
			kept = append(kept, f)
			next = min(next, wait)
			continue
		}
		f.held = false
		lp.enqueue(f)
	}
	clear(lp.slow[len(kept):])
	lp.slow = kept
	if len(kept) > 0 {
		lp.alarm.Reset(next)
	}
}

// flows returns those with a meter, and has the clock go on while it has
// something to do.
func (lp *loop) flows() []*flow {
	lp.mu.Lock()
	defer lp.mu.Unlock()
	var list []*flow
	guests := 0
	for _, e := range lp.ends {
		if e.guest != nil {
			guests++
		}
		if f := e.flow; f != nil && e == &f.end[0] && f.l.opt.Meter != nil {
			list = append(list, f)
		}
	}
	if lp.ticking = len(list)+len(lp.full)+guests > 0; lp.ticking {
		lp.tick.Reset(time.Second)
	}
	return list
}

// lend notes that a flow keeps its pipe.
func (lp *loop) lend(f *flow) {
	lp.full = append(lp.full, f)
	lp.mu.Lock()
	defer lp.mu.Unlock()
	lp.tickLocked()
}

// reclaim empties the pipes that have been full for a second or more.
func (lp *loop) reclaim() {
	kept := lp.full[:0]
	for _, f := range lp.full {
		if f.ended || f.way[Forward].pipe == nil && f.way[Backward].pipe == nil {
			f.lent = false
			continue
		}
		if err := f.emptyPipes(); err != nil {
			f.fail(err)
			continue
		}
		kept = append(kept, f)
	}
	clear(lp.full[len(kept):])
	lp.full = kept
}

// hold keeps a flow from reading until its meter allows.
func (lp *loop) hold(f *flow, wait time.Duration) {
	until := time.Since(lp.begun) + wait
	if f.held {
		f.until = min(f.until, until)
		return
	}
	f.held, f.until = true, until
	lp.slow = append(lp.slow, f)
	lp.alarm.Reset(wait)
}

// Sockets of berths and flows are watched alike, so that a berth can become a
// flow without a word to the kernel. Room to write is asked for when there was
// none.
const (
	readEvents = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET
	roomEvents = readEvents | unix.EPOLLOUT
	dialEvents = unix.EPOLLOUT | unix.EPOLLET
)

// recall tells e what the loop knows of its socket already.
func (lp *loop) recall(e *end) {
	lp.mu.Lock()
	defer lp.mu.Unlock()
	lp.recallLocked(e)
}

func (lp *loop) recallLocked(e *end) {
	old := lp.ends[e.fd]
	if old == nil || old == e || old.events == dialEvents {
		return // nothing of use
	}
	e.events = old.events
	e.readable = e.readable || old.readable
	e.hup = e.hup || old.hup
	e.broken = e.broken || old.broken
}

// addFlow has the loop move a flow. Under the lock, so that nothing is done
// with one of its sockets, such as closing both, before the other is known.
func (lp *loop) addFlow(f *flow) {
	lp.mu.Lock()
	defer lp.mu.Unlock()
	for i := range f.end {
		e, events := &f.end[i], uint32(readEvents)
		if !e.writable {
			events = roomEvents
		}
		lp.watchLocked(e, events)
		f.noteBroken(e)
	}
	if f.end[0].readable || f.end[1].readable || f.failed != nil {
		lp.postLocked(note{flow: f})
	}
	if f.l.opt.Meter != nil {
		lp.tickLocked()
	}
}

// addGuest has the loop read from a socket for g.
func (lp *loop) addGuest(e *end) {
	lp.mu.Lock()
	defer lp.mu.Unlock()
	lp.watchLocked(e, readEvents)
	lp.tickLocked()
}

// tickLocked has the clock go.
func (lp *loop) tickLocked() {
	if !lp.ticking {
		lp.ticking = true
		lp.tick.Reset(time.Second)
	}
}

// addBerth has the loop watch a socket that is parked or on its way.
func (lp *loop) addBerth(e *end, events uint32) {
	lp.mu.Lock()
	defer lp.mu.Unlock()
	lp.watchLocked(e, events)
	if e.call == nil && e.readable {
		lp.postLocked(note{heard: e})
	}
}

// askRoom has the loop be told when there is room to write to e.
func (lp *loop) askRoom(e *end) {
	lp.mu.Lock()
	defer lp.mu.Unlock()
	if lp.ends[e.fd] == e { // or it is added later
		lp.watchLocked(e, roomEvents)
	}
}

// watchLocked has events of e reported that are not yet; what has been already
// is.
func (lp *loop) watchLocked(e *end, events uint32) {
	op := unix.EPOLL_CTL_ADD
	if old := lp.ends[e.fd]; old != nil {
		op = unix.EPOLL_CTL_MOD
		lp.recallLocked(e)
	}
	lp.ends[e.fd] = e
	if e.events&events == events {
		return
	}
	e.events = events
	// It can fail for lack of kernel memory alone; then the link is silent
	// until its timeout.
	_ = lp.raw.Control(func(ep uintptr) {
		_ = unix.EpollCtl(int(ep), op, e.fd, &unix.EpollEvent{Events: events, Fd: int32(e.fd)})
	})
}

// unwatch forgets a socket that lives on.
func (lp *loop) unwatch(fd int) {
	lp.remove(fd)
	_ = lp.raw.Control(func(ep uintptr) {
		_ = unix.EpollCtl(int(ep), unix.EPOLL_CTL_DEL, fd, nil)
	})
}

// remove forgets a socket, which the caller is about to close.
func (lp *loop) remove(fd int) {
	lp.mu.Lock()
	delete(lp.ends, fd)
	lp.mu.Unlock()
}

// post sends a note from any goroutine.
func (lp *loop) post(n note) {
	lp.mu.Lock()
	defer lp.mu.Unlock()
	lp.postLocked(n)
}

func (lp *loop) postLocked(n note) {
	lp.inbox = append(lp.inbox, n)
	if lp.asleep {
		lp.asleep = false
		lp.rouse()
	}
}

func (lp *loop) rouse() {
	one := binary.NativeEndian.AppendUint64(nil, 1)
	_, _ = unix.Write(lp.wake, one) // full is awake
}

// stop ends the loop, when no flow is left.
func (lp *loop) stop() {
	lp.mu.Lock()
	lp.stopping = true
	lp.mu.Unlock()
	lp.rouse()
	<-lp.done
	lp.tick.Stop()
	lp.alarm.Stop()
	lp.pipes.close()
	_ = lp.ep.Close()
	_ = unix.Close(lp.wake)
}
