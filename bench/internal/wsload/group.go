// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsload

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// group is the set of receivers and the epoll loop that reads for them all.
type group struct {
	conns map[int]*conn
	ping  []byte
	ep    int
	timed bool

	received atomic.Int64
	bytes    atomic.Int64
	dead     atomic.Int64
	stop     atomic.Bool
	tick     chan struct{} // something has arrived
	done     chan struct{} // the loop has ended, latency may be read
	latency  harness.Histogram
}

// subscribe connects n receivers, eight at a time.
func subscribe(t harness.Target, p proto, n int, timed bool) (*group, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making an epoll set: %w", err)
	}
	g := &group{
		conns: map[int]*conn{}, ping: p.ping, ep: ep, timed: timed,
		tick: make(chan struct{}, 1), done: make(chan struct{}),
	}
	const workers = 8
	var mu sync.Mutex // guards g.conns
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				c, err := open(t, p.path, p.hello, p.waitFor)
				if err != nil {
					errs[w] = fmt.Errorf("receiver %d: %w", i, err)
					return
				}
				mu.Lock()
				g.conns[c.fd] = c
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	err = errors.Join(errs...)
	for fd := range g.conns {
		e := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
		err = errors.Join(err, e)
	}
	go g.loop()
	if err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

// loop reads until stop is set. It looks at it at least every 50 ms.
func (g *group) loop() {
	runtime.LockOSThread()
	defer close(g.done)
	events := make([]unix.EpollEvent, 512)
	buf := make([]byte, 256<<10)
	for !g.stop.Load() {
		n, err := unix.EpollWait(g.ep, events, 50)
		if err != nil && err != unix.EINTR {
			return
		}
		count, size := 0, 0
		for i := range max(n, 0) {
			c, s := g.readFrom(g.conns[int(events[i].Fd)], buf)
			count += c
			size += s
		}
		if size == 0 {
			continue
		}
		g.received.Add(int64(count))
		g.bytes.Add(int64(size))
		select {
		case g.tick <- struct{}{}:
		default:
		}
	}
}

// readFrom reads once, and returns the messages and bytes that it saw.
func (g *group) readFrom(c *conn, buf []byte) (count, size int) {
	var now int64
	if g.timed {
		now = time.Now().UnixNano()
	}
	var control byte
	var pinged bool
	payload := func(p []byte) {
		if g.ping != nil && bytes.Equal(p, g.ping) {
			pinged = true
		}
		count += bytes.Count(p, []byte{marker})
		for g.timed {
			stamp, rest, ok := sentAt(p)
			if !ok {
				break
			}
			g.latency.Add(time.Duration(now - stamp))
			p = rest
		}
	}
	err := c.receive(buf, func(b []byte) {
		size += len(b)
		if op := c.walk(b, payload); op != 0 {
			control = op
		}
	})
	if errors.Is(err, unix.EAGAIN) {
		return 0, 0
	}
	if err == nil && control == opPing {
		err = c.write(frame(opPong, nil))
	}
	if err == nil && pinged {
		err = c.write(frame(opText, g.ping))
	}
	if err != nil {
		g.dead.Add(1)
		// Out of the set, or the loop would spin on it; closed with the others.
		_ = unix.EpollCtl(g.ep, unix.EPOLL_CTL_DEL, c.fd, nil)
	}
	return count, size
}

// wait returns when something has arrived, or after d.
func (g *group) wait(d time.Duration) {
	select {
	case <-g.tick:
	case <-time.After(d):
	}
}

// drain waits for the last messages, which are late and not lost, until none
// has come for two seconds.
func (g *group) drain(due int64) {
	for last, quiet := int64(-1), 0; quiet < 100 && g.received.Load() < due; quiet++ {
		if n := g.received.Load(); n != last {
			last, quiet = n, 0
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// halt ends the loop; counters and latencies stand still afterwards.
func (g *group) halt() {
	g.stop.Store(true)
	<-g.done
}

func (g *group) close() {
	g.halt()
	for fd := range g.conns {
		unix.Close(fd)
	}
	unix.Close(g.ep)
}
