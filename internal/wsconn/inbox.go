// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsconn

import (
	"net"
	"os"
	"sync"
	"time"
)

// inbox passes bytes from the pump to whoever reads, without copying them in
// between: the pump waits until a piece is used up.
type inbox struct {
	limit deadline

	rmu  sync.Mutex // one reader at a time; guards rest
	rest []byte     // of the pump's piece

	pieces chan []byte
	used   chan struct{}
	ended  chan struct{} // no more pieces
	err    error         // set before ended is closed
	once   sync.Once
}

func (i *inbox) init() {
	i.limit.cancel = make(chan struct{})
	i.pieces = make(chan []byte)
	i.used = make(chan struct{})
	i.ended = make(chan struct{})
}

// put waits until b has been read; false means that nobody will.
func (i *inbox) put(b []byte, closed <-chan struct{}) bool {
	select {
	case i.pieces <- b:
	case <-closed:
		return false
	}
	select {
	case <-i.used:
		return true
	case <-closed:
		// The reader may still be copying from b, which goes back to the pool.
		i.rmu.Lock()
		i.rest = nil
		i.rmu.Unlock()
		return false
	}
}

// end has read return err once everything before has been read. The first end
// counts.
func (i *inbox) end(err error) {
	i.once.Do(func() {
		i.err = err
		close(i.ended)
	})
}

// read returns net.ErrClosed if nothing more can come and no end was given.
func (i *inbox) read(b []byte, closed <-chan struct{}) (int, error) {
	i.rmu.Lock()
	defer i.rmu.Unlock()
	passed := i.limit.passed()
	select {
	case <-passed: // a deadline in the past beats bytes that wait
		return 0, os.ErrDeadlineExceeded
	default:
	}
	if len(b) == 0 {
		return 0, nil
	}
	if len(i.rest) == 0 {
		select {
		case i.rest = <-i.pieces:
		case <-i.ended:
			return 0, i.err
		case <-closed:
			return 0, i.afterClose()
		case <-passed:
			return 0, os.ErrDeadlineExceeded
		}
	}
	n := copy(b, i.rest)
	if i.rest = i.rest[n:]; len(i.rest) == 0 {
		select {
		case i.used <- struct{}{}:
		case <-closed:
		}
	}
	return n, nil
}

// afterClose prefers an end that was reached before.
func (i *inbox) afterClose() error {
	select {
	case <-i.ended:
		return i.err
	default:
		return net.ErrClosed
	}
}

// deadline is a point in time that can be moved while somebody waits for it.
type deadline struct {
	mu     sync.Mutex // guards the fields below
	timer  *time.Timer
	cancel chan struct{} // closed when it has passed
}

// passed returns a channel that is closed at the deadline.
func (d *deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cancel
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.cancel // the timer is closing it, or has
	}
	d.timer = nil
	gone := false
	select {
	case <-d.cancel:
		gone = true
	default:
	}
	if t.IsZero() || time.Until(t) > 0 {
		if gone {
			d.cancel = make(chan struct{})
		}
		if !t.IsZero() {
			cancel := d.cancel
			d.timer = time.AfterFunc(time.Until(t), func() { close(cancel) })
		}
		return
	}
	if !gone {
		close(d.cancel)
	}
}
