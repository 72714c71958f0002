// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// What waits for a stream: more, or older, is dropped. Late datagrams are
	// worth less than none (rules U3).
	streamQueue = 256 << 10
	streamAge   = 100 * time.Millisecond
	// streamBuffer bounds what the kernel queues.
	streamBuffer = 512 << 10
	streamBatch  = 64 << 10
	// maxUrgent bounds what the ends have to say to each other.
	maxUrgent = 256
	// A stream that sends and hears nothing is asked after the first time, and
	// given up after the second. TCP would take minutes; but what is queued on
	// a slow path may well take seconds, and it is no fault.
	streamDoubt    = time.Second
	streamPatience = 4 * time.Second
	streamLook     = 500 * time.Millisecond
	// recheckPatience is for a stream that is asked because the network has
	// changed, or seems to have: it is more likely dead than slow.
	recheckPatience = 1500 * time.Millisecond
)

var errSilent = errors.New("the other end has become silent")

// udpStream carries packets through a channel.
type udpStream struct {
	conn    splice.Conn
	deliver func(id uint32, data []byte) // the id 0: no more for now
	lost    func(packets int)
	wake    chan struct{}
	heard   atomic.Bool // the other end
	// told gets the data of packets with the id 0, if the channel is secured:
	// then they are the other end's, else the relay's. It also has the stream
	// find out by itself that the path is dead.
	told func(data []byte)
	// recheck holds one: the channel is to prove that it is alive, if it is
	// secured; what is not can ask nobody.
	recheck chan struct{}

	heardAt atomic.Int64 // in Unix nanoseconds, if the channel is secured
	sent    atomic.Bool  // a datagram, since that was last looked at

	mu     sync.Mutex // guards the fields below
	urgent []byte     // packets with the id 0; they go first
	queue  []queuedPacket
	bytes  int
	err    error // set once it has ended
}

type queuedPacket struct {
	at time.Time
	b  []byte // with its header
}

func newUDPStream(conn splice.Conn, lost func(int), deliver func(id uint32, data []byte)) *udpStream {
	if t, ok := conn.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = t.SetWriteBuffer(streamBuffer)
	}
	return &udpStream{conn: conn, deliver: deliver, lost: lost, wake: make(chan struct{}, 1), recheck: make(chan struct{}, 1)}
}

// push queues a packet; it never waits.
func (s *udpStream) push(p headed) {
	b := make([]byte, wire.PacketHeader, wire.PacketHeader+len(p.data))
	wire.PutHeader(b, p.id, len(p.data))
	b = append(b, p.data...)
	s.mu.Lock()
	n := 0
	for len(s.queue) > 0 && s.bytes+len(b) > streamQueue {
		s.bytes -= len(s.queue[0].b)
		s.queue = s.queue[1:]
		n++
	}
	s.queue = append(s.queue, queuedPacket{time.Now(), b})
	s.bytes += len(b)
	s.mu.Unlock()
	s.sent.Store(true)
	nudge(s.wake)
	if n > 0 {
		s.lost(n)
	}
}

// say queues a word to the other end, which is never too old.
func (s *udpStream) say(k wire.EndKind) {
	s.mu.Lock()
	if len(s.urgent) < maxUrgent { // or it has not taken those before
		s.urgent = k.Append(s.urgent)
	}
	s.mu.Unlock()
	nudge(s.wake)
}

// run moves packets both ways until the channel ends, or ctx, or done is
// closed. answer says that the relay's answer precedes the other end's bytes.
func (s *udpStream) run(ctx context.Context, done <-chan struct{}, first []byte, answer bool) error {
	ended := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() { s.write(ended) })
	writer.Go(func() { s.attend(ctx, done, ended) })
	err := s.read(io.MultiReader(bytes.NewReader(first), s.conn), answer)
	close(ended)
	s.end(err)
	writer.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) > 0 {
		s.lost(len(s.queue))
	}
	s.queue = nil
	return s.err
}

// attend ends the stream when there is a reason to.
func (s *udpStream) attend(ctx context.Context, done, ended <-chan struct{}) {
	var look <-chan time.Time
	if s.told != nil {
		t := time.NewTicker(streamLook)
		defer t.Stop()
		look = t.C
		s.heardAt.Store(time.Now().UnixNano())
	}
	var asked question
	for {
		select {
		case now := <-look:
			asked = s.doubt(now, asked)
			continue
		case <-s.recheck:
			if s.told != nil {
				s.say(wire.EndPing)
				asked = question{time.Now(), recheckPatience}
			}
			continue
		case <-ctx.Done():
			s.end(errStopped)
		case <-done:
			s.end(errSessionGone)
		case <-ended:
		}
		return
	}
}

// question is what the other end was asked last, if it is there.
type question struct {
	at       time.Time
	patience time.Duration
}

// doubt asks after the other end if it should have been heard. It takes and
// returns what was asked last. An idle stream is left alone: it would never be
// idle for the relay.
func (s *udpStream) doubt(now time.Time, asked question) question {
	heard := time.Unix(0, s.heardAt.Load())
	switch waiting := asked.at.After(heard); {
	case waiting && now.Sub(asked.at) > asked.patience:
		s.end(errSilent)
	case !waiting && s.sent.Swap(false) && now.Sub(heard) > streamDoubt:
		s.say(wire.EndPing)
		return question{now, streamPatience}
	}
	return asked
}

// end has the channel end; the first reason counts.
func (s *udpStream) end(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	_ = s.conn.Reset()
}

func (s *udpStream) read(r io.Reader, answer bool) error {
	br := bufio.NewReaderSize(r, streamBatch)
	if answer {
		if err := readAnswer(br); err != nil {
			return err
		}
	}
	var head [wire.PacketHeader]byte
	data := make([]byte, 0, 2048)
	for {
		if _, err := io.ReadFull(br, head[:]); err != nil {
			return fmt.Errorf("reading from a UDP channel: %w", err)
		}
		n := wire.PacketLength(head[:])
		if n > cap(data) {
			data = make([]byte, 0, n)
		}
		if _, err := io.ReadFull(br, data[:n]); err != nil {
			return fmt.Errorf("reading from a UDP channel: %w", err)
		}
		s.heard.Store(true)
		switch id := wire.PacketID(head[:]); {
		case id != 0:
			s.deliver(id, data[:n])
		case s.told != nil:
			s.told(data[:n])
		}
		if s.told != nil {
			s.heardAt.Store(time.Now().UnixNano())
		}
		if br.Buffered() < wire.PacketHeader {
			s.deliver(0, nil)
		}
	}
}

// readAnswer reads what precedes the provider's first byte.
func readAnswer(br *bufio.Reader) error {
	b, err := br.Peek(1)
	if err != nil {
		return fmt.Errorf("waiting for the relay's answer: %w", err)
	}
	if b[0] == wire.OK {
		_, err = br.Discard(1)
		return err
	}
	line, err := br.ReadSlice('\n')
	if err != nil || len(line) > wire.MaxLine {
		return errors.New("the relay's answer makes no sense")
	}
	return wire.ParseRefusal(line[:len(line)-1])
}

// write sends what is queued, many packets at once, and leaves out what has
// become too old.
func (s *udpStream) write(ended <-chan struct{}) {
	batch := make([]byte, 0, streamBatch)
	for {
		batch = s.next(batch[:0])
		if len(batch) > 0 {
			if _, err := s.conn.Write(batch); err != nil {
				s.end(fmt.Errorf("writing to a UDP channel: %w", err))
				return
			}
			continue
		}
		select {
		case <-s.wake:
		case <-ended:
			return
		}
	}
}

// next takes packets off the queue and appends them to batch.
func (s *udpStream) next(batch []byte) []byte {
	now := time.Now()
	old := 0
	s.mu.Lock()
	batch = append(batch, s.urgent...)
	s.urgent = s.urgent[:0]
	for len(s.queue) > 0 {
		p := &s.queue[0]
		late := now.Sub(p.at) > streamAge
		if !late && len(batch) > 0 && len(batch)+len(p.b) > streamBatch {
			break
		}
		if late {
			old++
		} else {
			batch = append(batch, p.b...)
		}
		s.bytes -= len(p.b)
		s.queue = s.queue[1:]
	}
	s.mu.Unlock()
	if old > 0 {
		s.lost(old)
	}
	return batch
}
