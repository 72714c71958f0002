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
)

// udpStream carries packets through a channel.
type udpStream struct {
	conn    splice.Conn
	deliver func(id uint32, data []byte) // the id 0: no more for now
	lost    func(packets int)
	wake    chan struct{}
	heard   atomic.Bool // the other end

	mu    sync.Mutex // guards the fields below
	queue []queuedPacket
	bytes int
	err   error // set once it has ended
}

type queuedPacket struct {
	at time.Time
	b  []byte // with its header
}

func newUDPStream(conn splice.Conn, lost func(int), deliver func(id uint32, data []byte)) *udpStream {
	if t, ok := conn.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = t.SetWriteBuffer(streamBuffer)
	}
	return &udpStream{conn: conn, deliver: deliver, lost: lost, wake: make(chan struct{}, 1)}
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
	nudge(s.wake)
	if n > 0 {
		s.lost(n)
	}
}

// run moves packets both ways until the channel ends, or ctx, or done is
// closed. answer says that the relay's answer precedes the other end's bytes.
func (s *udpStream) run(ctx context.Context, done <-chan struct{}, first []byte, answer bool) error {
	ended := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() { s.write(ended) })
	writer.Go(func() {
		select {
		case <-ctx.Done():
			s.end(errStopped)
		case <-done:
			s.end(errSessionGone)
		case <-ended:
		}
	})
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
		if id := wire.PacketID(head[:]); id != 0 { // control packets are the relay's
			s.deliver(id, data[:n])
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
