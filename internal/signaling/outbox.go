// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"sync"
)

// Bounds of what waits for a slow client. A client_list can be as large as a
// message gets.
const (
	maxQueued      = 4096
	maxQueuedBytes = 2 << 20
)

// ending is how a connection is closed.
type ending struct {
	code   int
	reason string
}

// outbox is what waits to be written to one client. Pushing never blocks.
type outbox struct {
	wake chan struct{} // holds a token when there is something to do
	done chan struct{} // closed with the first end

	mu    sync.Mutex // guards the fields below; innermost
	queue [][]byte
	bytes int
	end   *ending
	dead  bool // nobody can be written to any more
}

func newOutbox() outbox {
	return outbox{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// push adds a message; false if there is no room for it.
func (o *outbox) push(b []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end != nil || o.dead {
		return true // it is not waited for any more
	}
	if len(o.queue) >= maxQueued || o.bytes+len(b) > maxQueuedBytes {
		return false
	}
	o.queue = append(o.queue, b)
	o.bytes += len(b)
	o.signal()
	return true
}

// finish has the connection closed after what waits already, or at once if
// that is given up. The first call holds.
func (o *outbox) finish(code int, reason string, drop bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end != nil {
		return
	}
	o.end = &ending{code, reason}
	if drop {
		o.queue, o.bytes = nil, 0
	}
	close(o.done)
	o.signal()
}

// abandon ends the writing.
func (o *outbox) abandon() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dead, o.queue, o.bytes = true, nil, 0
	o.signal()
}

// ended reports whether the connection is being closed.
func (o *outbox) ended() bool {
	select {
	case <-o.done:
		return true
	default:
		return false
	}
}

// take waits for messages or the end. Without either, the connection is dead.
func (o *outbox) take() ([][]byte, *ending) {
	for range o.wake {
		o.mu.Lock()
		queue, end, dead := o.queue, o.end, o.dead
		o.queue, o.bytes = nil, 0
		o.mu.Unlock()
		if len(queue) > 0 || end != nil || dead {
			return queue, end
		}
	}
	return nil, nil
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}
