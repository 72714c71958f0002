// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package model

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/wstest"
)

// entry identifies a message: who sent it, and as which of its own.
type entry struct{ sender, seq uint32 }

// A message is sender(4) seq(4) crc(4) filler, in hex if it is text; the type
// follows from seq, so that a changed type is seen too.
const head = 12

func message(r *rand.Rand, e entry) (op byte, p []byte) {
	p = make([]byte, head+r.IntN(200))
	for i := head; i < len(p); i++ {
		p[i] = byte(r.Uint32())
	}
	binary.BigEndian.PutUint32(p, e.sender)
	binary.BigEndian.PutUint32(p[4:], e.seq)
	binary.BigEndian.PutUint32(p[8:], crc32.ChecksumIEEE(p[head:]))
	if e.seq%2 == 0 {
		return wstest.Binary, p
	}
	return wstest.Text, []byte(hex.EncodeToString(p))
}

func parse(m wstest.Message) (entry, error) {
	p := m.Payload
	if m.Op == wstest.Text {
		p = make([]byte, hex.DecodedLen(len(m.Payload)))
		if _, err := hex.Decode(p, m.Payload); err != nil {
			return entry{}, fmt.Errorf("decoding the text: %w", err)
		}
	}
	if len(p) < head {
		return entry{}, errors.New("message is too short")
	}
	e := entry{binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])}
	if binary.BigEndian.Uint32(p[8:]) != crc32.ChecksumIEEE(p[head:]) {
		return e, errors.New("payload has changed")
	}
	if (e.seq%2 == 0) != (m.Op == wstest.Binary) {
		return e, errors.New("type has changed")
	}
	return e, nil
}

// client is one place at the endpoint: a connection, and when that is gone
// another, until everything is sent.
func (r *run) client(rnd *rand.Rand, sends bool, sent <-chan struct{}) {
	for r.ctx.Err() == nil {
		c := r.dial()
		if c == nil {
			return
		}
		rec := &record{}
		if sends {
			rec.sender = r.senders.Add(1)
		}
		r.mu.Lock()
		r.records = append(r.records, rec)
		r.mu.Unlock()
		again := r.life(rnd, c, rec, sent)
		if !again {
			return
		}
	}
}

// life is that of one connection; it reports whether another one follows.
func (r *run) life(rnd *rand.Rand, c *wstest.Conn, rec *record, sent <-chan struct{}) (again bool) {
	ctx, cancel := context.WithCancel(r.ctx)
	var wg sync.WaitGroup
	stall := rand.New(rand.NewPCG(rnd.Uint64(), 1))
	wg.Go(func() {
		defer cancel()
		r.listen(c, rec, stall, nil)
	})
	if rec.sender != 0 {
		sender := rand.New(rand.NewPCG(rnd.Uint64(), 2))
		wg.Go(func() { r.send(ctx, sender, c, rec.sender) })
	}
	lives := time.Duration(200+rnd.IntN(3000)) * time.Millisecond
	if rnd.IntN(4) == 0 {
		lives = time.Hour
	}
	select {
	case <-sent:
		_ = c.Send(wstest.CloseFrame(1000, ""))
	case <-ctx.Done(): // the gateway closed it, or the run was given up
		again = true
		_ = c.Close()
	case <-time.After(lives):
		again = true
		if rnd.IntN(2) == 0 {
			_ = c.Send(wstest.CloseFrame(1001, ""))
		} else {
			_ = c.Reset()
		}
	}
	wg.Wait()
	_ = c.Close()
	return again
}

// listen records what comes, now and then too slowly.
func (r *run) listen(c *wstest.Conn, rec *record, stall *rand.Rand, each func(entry)) {
	for {
		m, err := c.ReadMessage()
		if err != nil {
			rec.end = err
			return
		}
		e, err := parse(m)
		if err != nil {
			r.t.Errorf("message %d of sender %d: %v", e.seq, e.sender, err)
		}
		rec.saw = append(rec.saw, e)
		if each != nil {
			each(e)
		}
		if stall != nil && stall.IntN(20_000) == 0 {
			time.Sleep(time.Duration(stall.IntN(2000)) * time.Millisecond)
		}
	}
}

// send sends until there is nothing more to send or the connection ends. A
// message whose write failed may have been accepted or not.
func (r *run) send(ctx context.Context, rnd *rand.Rand, c *wstest.Conn, id uint32) {
	seen := r.seenBy(id)
	for seq := uint32(1); r.left.Add(-1) >= 0; seq++ {
		for seq > seen.Load()+ahead {
			if ctx.Err() != nil {
				r.left.Add(1)
				return
			}
			time.Sleep(500 * time.Microsecond)
		}
		op, p := message(rnd, entry{id, seq})
		r.mu.Lock()
		r.wrote[id] = seq
		r.mu.Unlock()
		if err := c.Send(wstest.Frame{Op: op, Payload: p}); err != nil {
			return
		}
	}
}
