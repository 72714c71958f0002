// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/inventory"
)

const (
	// feedSize is how many changes are remembered for subscribers that come
	// back.
	feedSize = 1000
	// feedQueue is how many a subscriber may be behind before it is given up.
	feedQueue = 64
)

// feed tells subscribers what happens, and remembers the last of it.
type feed struct {
	run string // tells this run's numbers from another's

	mu     sync.Mutex         // guards the fields below; innermost
	last   uint64             // number of the newest change
	past   []inventory.Change // at most feedSize, oldest first
	subs   map[*subscriber]struct{}
	closed bool
}

type subscriber struct {
	scope int64
	ch    chan inventory.Change
}

func newFeed() *feed {
	return &feed{run: rand.Text()[:8], subs: make(map[*subscriber]struct{})}
}

// tell adds a change that the accounts users may see. It never blocks. While no
// gateway runs there is no feed, and nobody to tell.
func (f *feed) tell(kind inventory.ChangeKind, subject, detail string, users ...int64) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.last++
	c := inventory.Change{
		ID: f.id(f.last), Kind: kind, Time: time.Now().UTC(), Users: users, Subject: subject, Detail: detail,
	}
	if len(f.past) == feedSize {
		f.past = slices.Delete(f.past, 0, 1)
	}
	f.past = append(f.past, c)
	for s := range f.subs {
		if !s.sees(c) {
			continue
		}
		select {
		case s.ch <- c:
		default: // who reads again resumes from what it has seen
			f.dropLocked(s)
		}
	}
}

func (f *feed) id(n uint64) string { return f.run + "-" + strconv.FormatUint(n, 10) }

// subscribe implements API.Subscribe.
func (f *feed) subscribe(scope int64, after string) (<-chan inventory.Change, func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &subscriber{scope: scope}
	missed := f.sinceLocked(s, after)
	s.ch = make(chan inventory.Change, len(missed)+feedQueue)
	for _, c := range missed {
		s.ch <- c
	}
	if f.closed {
		close(s.ch)
		return s.ch, func() {}
	}
	f.subs[s] = struct{}{}
	return s.ch, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.dropLocked(s)
	}
}

// sinceLocked returns what s has not seen since after, or that it has missed
// something.
func (f *feed) sinceLocked(s *subscriber, after string) (list []inventory.Change) {
	if after == "" {
		return nil
	}
	text, ok := strings.CutPrefix(after, f.run+"-")
	n, err := strconv.ParseUint(text, 10, 64)
	if first := f.last - uint64(len(f.past)); !ok || err != nil || n < first || n > f.last {
		return []inventory.Change{{ID: f.id(f.last), Kind: inventory.Missed, Time: time.Now().UTC()}}
	}
	for _, c := range f.past[uint64(len(f.past))-(f.last-n):] {
		if s.sees(c) {
			list = append(list, c)
		}
	}
	return list
}

func (s *subscriber) sees(c inventory.Change) bool {
	return s.scope == inventory.All || slices.Contains(c.Users, s.scope)
}

func (f *feed) dropLocked(s *subscriber) {
	if _, there := f.subs[s]; there {
		delete(f.subs, s)
		close(s.ch)
	}
}

// close ends all subscriptions.
func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for s := range f.subs {
		f.dropLocked(s)
	}
}
