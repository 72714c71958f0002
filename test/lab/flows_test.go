// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// pace of the chunks of a paced flow. Two cores do not move more than a few
// thousand chunks a second through seven processes.
var pace = time.Duration(size(200, 1000)) * time.Millisecond

const (
	sluggish  = 50 * time.Millisecond // a chunk that takes longer is noted
	bulkPause = 8                     // chunks that the reader of a bulk flow takes at a time
)

// flow is a stream as one of its applications sees it. A paced one writes a
// chunk now and then, so that what a fault does to it can be measured. A bulk
// one writes all it can to a slow reader: it has unacknowledged bytes at any
// moment.
type flow struct {
	id          uint32
	bulk        bool
	fromVisitor bool
	conn        *net.TCPConn
	out, in     *source

	newest atomic.Int64 // when the last chunk that came was written, ns since 1970
	frozen atomic.Bool  // the application does not read
	ended  atomic.Bool

	mu     sync.Mutex
	report flowReport
}

// flowReport is what a flow has to say in the end.
type flowReport struct {
	ID       uint32 `json:"id"`
	Bulk     bool   `json:"bulk,omitempty"`
	Sent     int64  `json:"sent"`
	Received int64  `json:"received"`
	Late     []late `json:"late,omitempty"`
	Error    string `json:"error,omitempty"`
}

// late are chunks of a paced flow that came together, and late; microseconds
// since 1970.
type late struct {
	First int64 `json:"first"` // when the oldest of them was written
	Last  int64 `json:"last"`
	Came  int64 `json:"came"`
}

// The header of a connection: four bytes of id, and one that is 1 for bulk.
const headerSize = 5

func newFlow(seed uint64, id uint32, bulk, fromVisitor bool, c *net.TCPConn) *flow {
	f := &flow{
		id: id, bulk: bulk, fromVisitor: fromVisitor, conn: c,
		out: newSource(seed, id, fromVisitor), in: newSource(seed, id, !fromVisitor),
		report: flowReport{ID: id, Bulk: bulk},
	}
	if bulk { // or megabytes wait in the application's own socket
		_ = c.SetReadBuffer(32 << 10)
		_ = c.SetWriteBuffer(32 << 10)
	}
	return f
}

func (f *flow) header() []byte {
	b := binary.LittleEndian.AppendUint32(nil, f.id)
	if f.bulk {
		return append(b, 1)
	}
	return append(b, 0)
}

// run moves chunks both ways until stop is closed and both ends have sent
// their last, or until something is wrong.
func (f *flow) run(stop <-chan struct{}) {
	defer f.ended.Store(true)
	defer f.conn.Close()
	var sending sync.WaitGroup
	sending.Go(func() { f.fail("sending", f.send(stop)) })
	f.fail("receiving", f.receive(stop))
	sending.Wait()
}

func (f *flow) send(stop <-chan struct{}) error {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		last := false
		select {
		case <-stop:
			last = true
		default:
		}
		n, err := f.conn.Write(f.out.next(time.Now(), last))
		f.mu.Lock()
		f.report.Sent += int64(n)
		f.mu.Unlock()
		if err != nil {
			return err
		}
		if last {
			return f.conn.CloseWrite()
		}
		if f.bulk {
			continue
		}
		select {
		case <-tick.C:
		case <-stop:
		}
	}
}

func (f *flow) receive(stop <-chan struct{}) error {
	chunk := make([]byte, chunkSize)
	for count, last := 1, false; ; count++ {
		if _, err := io.ReadFull(f.conn, chunk); err != nil {
			if errors.Is(err, io.EOF) && last {
				return nil
			}
			if errors.Is(err, io.EOF) {
				return errors.New("ended before its last chunk")
			}
			return err
		}
		if last {
			return errors.New("more after the last chunk")
		}
		var written time.Time
		var err error
		if written, last, err = f.in.check(chunk); err != nil {
			return fmt.Errorf("wrong data in chunk %d: %w", count, err)
		}
		f.note(written)
		if f.bulk && count%bulkPause == 0 {
			select {
			case <-time.After(pace):
			case <-stop:
			}
		}
		for f.frozen.Load() {
			time.Sleep(pace)
		}
	}
}

// note takes down that a chunk came.
func (f *flow) note(written time.Time) {
	now := time.Now()
	f.newest.Store(written.UnixNano())
	f.mu.Lock()
	defer f.mu.Unlock()
	f.report.Received += chunkSize
	if f.bulk || now.Sub(written) < sluggish {
		return
	}
	w, at := written.UnixMicro(), now.UnixMicro()
	if n := len(f.report.Late); n > 0 && at-f.report.Late[n-1].Came < time.Millisecond.Microseconds() {
		f.report.Late[n-1].Last = w
		return
	}
	f.report.Late = append(f.report.Late, late{First: w, Last: w, Came: at})
}

// fail keeps the first error, and ends the flow for both directions.
func (f *flow) fail(what string, err error) {
	if err == nil {
		return
	}
	if errors.Is(err, syscall.ECONNRESET) {
		err = errors.New("reset")
	}
	f.mu.Lock()
	first := f.report.Error == ""
	if first {
		f.report.Error = what + ": " + err.Error()
	}
	f.mu.Unlock()
	if first {
		log.Printf("flow %d, %s: %v", f.id, what, err)
	}
	_ = f.conn.Close()
}

func (f *flow) done() flowReport {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.report
	r.Late = slices.Clone(r.Late)
	return r
}

// stands reports whether a paced flow that ought to move has got nothing that
// was written after since.
func (f *flow) stands(since int64) bool {
	return !f.bulk && !f.ended.Load() && !f.frozen.Load() && f.newest.Load() <= since
}
