// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.uber.org/zap"
)

const (
	// reportEach is how often a source is worth a line.
	reportEach = time.Minute
	// maxReports is how many lines a minute may have, of all sources; the rest
	// is summed up in one.
	maxReports = 200
)

// failureLog turns failed log-ins into few lines: of each source the first one
// at once, and then their number once a minute.
type failureLog struct {
	mu      sync.Mutex // guards the fields below; innermost
	sources *simplelru.LRU[netip.Prefix, *failure]
	minute  time.Time
	lines   int // in this minute
	rest    int // failures that no line tells of yet, since there were too many lines
}

type failure struct {
	from     From
	untold   int
	reported time.Time
}

// report is what one line says.
type report struct {
	from  From // without an address: of many sources
	count int
}

func newFailureLog() *failureLog {
	f := &failureLog{}
	l, err := simplelru.NewLRU(maxCached, func(_ netip.Prefix, old *failure) { f.rest += old.untold })
	if err != nil {
		panic(err) // only for a size below 1
	}
	f.sources = l
	return f
}

// add counts a failure, and returns a report if it is time for one.
func (f *failureLog) add(src netip.Prefix, from From, now time.Time) []report {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.sources.Get(src)
	if !ok {
		v = &failure{}
		f.sources.Add(src, v)
	}
	v.from = from
	v.untold++
	return f.tellLocked(nil, v, now)
}

// due returns what has not been told for a minute.
func (f *failureLog) due(now time.Time) (list []report) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, src := range f.sources.Keys() {
		v, _ := f.sources.Peek(src)
		if v.untold > 0 {
			list = f.tellLocked(list, v, now)
		} else if now.Sub(v.reported) >= reportEach {
			f.sources.Remove(src)
		}
	}
	if f.rest > 0 {
		list = append(list, report{count: f.rest})
		f.rest = 0
	}
	return list
}

func (f *failureLog) tellLocked(list []report, v *failure, now time.Time) []report {
	if now.Sub(v.reported) < reportEach {
		return list
	}
	if now.Sub(f.minute) >= reportEach {
		f.minute, f.lines = now, 0
	}
	v.reported = now
	if f.lines++; f.lines > maxReports {
		f.rest += v.untold
	} else {
		list = append(list, report{from: v.from, count: v.untold})
	}
	v.untold = 0
	return list
}

// failed counts a failed log-in. What was typed is told nowhere: people type
// passwords into the field of the name.
func (s *Service) failed(ctx context.Context, src netip.Prefix, from From) {
	s.reportFailures(ctx, s.failures.add(src, from, time.Now()))
}

func (s *Service) reportFailures(ctx context.Context, list []report) {
	for _, r := range list {
		where := "many addresses"
		if r.from.Addr.IsValid() {
			where = r.from.Addr.String()
		}
		s.logger().Warn("log-ins failed", zap.String("from", where), zap.Int("count", r.count))
		s.audit(ctx, Principal{}, r.from, "login.fail", "", nil, map[string]any{"count": r.count})
	}
}
