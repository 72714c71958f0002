// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"sync"
	"time"
)

const (
	// relayPatience is how long the relay port may take before channels go
	// through the gateway's HTTPS port: with what comes after, less than 3 s.
	relayPatience = 2500 * time.Millisecond
	// relayAgain is how long they go there before the relay port is tried.
	relayAgain = 5 * time.Minute
	// relayLosses is how many channels in a row may break without a word from
	// the relay before the path to it is taken for one that swallows bytes.
	relayLosses = 3
	// relayHeard is how long a word from the relay stands against that: a port
	// that swallows bytes does not carry any, and a moment in which everything
	// is reset is another trouble.
	relayHeard = 10 * time.Second
)

// way is the choice between the relay port and WebSocket.
type way struct {
	forced Transport

	mu      sync.Mutex // guards the fields below
	blocked bool       // the relay port is, as it seems
	again   time.Time  // when to try it
	lost    int        // channels in a row
	heard   time.Time  // when the relay was, over its port
}

// pick returns how to open the next channel. Only a spare one, for which nobody
// waits, finds out whether the relay port is back.
func (w *way) pick(spare bool) Transport {
	if w.forced != Auto {
		return w.forced
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.blocked {
		return Relay
	}
	if now := time.Now(); spare && now.After(w.again) {
		w.again = now.Add(relayAgain) // the others stay with what works
		return Relay
	}
	return WebSocket
}

// straight reports whether channels go to the relay port without doubt.
func (w *way) straight() bool {
	if w.forced != Auto {
		return w.forced == Relay
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.blocked
}

// inUse returns the transport for Status.
func (w *way) inUse() Transport { return w.pick(false) }

// unreachable has channels go through WebSocket, and reports whether that is
// new. It is not done where a transport is forced.
func (w *way) unreachable() bool {
	if w.forced != Auto {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.blocked
	w.blocked, w.again, w.lost = true, time.Now().Add(relayAgain), 0
	return !was
}

// works notes that the relay has been heard over its port, or connected.
func (w *way) works(heard bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blocked = false
	if heard {
		w.lost, w.heard = 0, time.Now()
	}
}

// broke notes a channel over the relay port that broke without a word, and
// reports whether the port is to be taken for unreachable.
func (w *way) broke() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost++
	return w.lost >= relayLosses && time.Since(w.heard) > relayHeard
}

// reset tries the relay port again, as after signing in: the network may be
// another.
func (w *way) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blocked, w.lost = false, 0
}
