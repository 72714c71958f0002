// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

const (
	// maxSaid is how much of what the application says is kept until the relay
	// has answered, so that it can be said again. It fits the buffers of any
	// socket: writing it does not block.
	maxSaid = 16 << 10
	// answerPatience is how long that is done. The relay refuses at once what
	// could succeed with another session; it confirms with the provider's
	// first bytes, which may never come.
	answerPatience = 3 * time.Second
)

var errAppGone = errors.New("the application has gone")

// notBegunError is that there was no channel to begin.
type notBegunError struct{ error }

func (e *notBegunError) Unwrap() error { return e.error }

// scratch is what a beginning needs; there are many, and each is short.
type scratch struct {
	said  [maxSaid]byte
	heard [2 * wire.MaxLine]byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// talk is the beginning of a cold channel, before the mover has it: the line,
// what the application says, and the relay's answer. It can be begun again with
// another session, which a channel of a session that has ended must be. (A warm
// channel ends with its session, so it needs none of this.)
type talk struct {
	c   *Client
	app splice.Conn
	ch  channel
	// said is what the application has said, also over an earlier channel, and
	// heard is from the provider; both are in buf.
	said     []byte
	answered bool
	heard    []byte
	buf      *scratch
}

func newTalk(c *Client, app splice.Conn) *talk {
	t := &talk{c: c, app: app, buf: scratches.Get().(*scratch)}
	t.said = t.buf.said[:0]
	return t
}

// done is called when the talk is over; a link has copied what it needs.
func (t *talk) done() {
	scratches.Put(t.buf)
	t.buf, t.said, t.heard = nil, nil, nil
}

// open opens a channel and begins it. A refusal is an error of type
// *wire.Refusal; then nothing has reached the provider.
func (t *talk) open(ctx context.Context, ss *session) error {
	if len(t.said) == 0 {
		t.said = t.said[:readReady(t.app, t.buf.said[:])]
	}
	ch, err := ss.warm.open(ctx, t.said)
	if err != nil {
		return &notBegunError{err}
	}
	t.ch = ch
	stop := context.AfterFunc(ctx, func() { _ = ch.Reset() })
	opened := time.Now()
	err = t.begin()
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = ch.Reset()
		var no *wire.Refusal
		if !errors.As(err, &no) && !errors.Is(err, errAppGone) && time.Since(opened) < usefulAge {
			t.c.channelBroke(ch, ss.relay, err)
		}
		return err
	}
	if t.answered && ch.transport == Relay {
		t.c.way.works(true)
	}
	return nil
}

// begin passes on what the application says until the relay has answered, or
// has not for a while.
func (t *talk) begin() error {
	_ = t.ch.SetReadDeadline(time.Now().Add(answerPatience))
	var appErr error
	var pump sync.WaitGroup
	pump.Go(func() { appErr = t.pump() })
	err := t.answer()
	_ = t.app.SetReadDeadline(time.Unix(1, 0)) // ends the pump
	pump.Wait()
	if appErr != nil {
		return appErr
	}
	if err != nil {
		// Ready for another channel, if it was a refusal.
		_ = t.app.SetReadDeadline(time.Time{})
		return err
	}
	if err := t.ch.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	return t.app.SetReadDeadline(time.Time{})
}

// pump copies from the application, and ends when it is interrupted, or when
// there would be too much to say again.
func (t *talk) pump() error {
	for len(t.said) < maxSaid {
		n, err := t.app.Read(t.buf.said[len(t.said):])
		if n > 0 {
			before := len(t.said)
			t.said = t.said[:before+n]
			if _, err := t.ch.Write(t.said[before:]); err != nil {
				return nil //nolint:nilerr // the answer tells more
			}
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case errors.Is(err, io.EOF):
			// The link sees it again and passes it on; sending it here as well
			// would fail there, if the other end has come by then.
			_ = t.ch.SetReadDeadline(time.Unix(1, 0))
			return nil
		case err != nil:
			_ = t.ch.Reset() // ends the wait for an answer
			return fmt.Errorf("%w: %w", errAppGone, err)
		}
	}
	_ = t.ch.SetReadDeadline(time.Unix(1, 0)) // it is the mover's turn
	return nil
}

// answer reads what the relay says first. Without an answer in time there is
// no error.
func (t *talk) answer() error {
	buf := t.buf.heard[:]
	n, late := 0, false
	for {
		got, err := t.ch.Read(buf[n:])
		n += got
		skip, perr := parseAnswer(buf[:n])
		switch {
		case n > 0 && perr == nil:
			t.answered, t.heard = true, buf[skip:n]
			return nil
		case n > 0 && !errors.Is(perr, splice.ErrShort):
			return perr
		case errors.Is(err, os.ErrDeadlineExceeded) && n == 0:
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded) && !late: // the rest of a line is under way
			late = true
			_ = t.ch.SetReadDeadline(time.Now().Add(answerPatience))
		case errors.Is(err, io.EOF):
			return fmt.Errorf("waiting for the relay's answer: %w", io.ErrUnexpectedEOF)
		case err != nil:
			return fmt.Errorf("waiting for the relay's answer: %w", err)
		}
	}
}

// parseAnswer is for splice.Options.Answer.
func parseAnswer(b []byte) (skip int, err error) {
	if len(b) > 0 && b[0] == wire.OK {
		return 1, nil
	}
	if line, _, ok := bytes.Cut(b, []byte("\n")); ok {
		return 0, wire.ParseRefusal(line)
	}
	if len(b) < wire.MaxLine {
		return 0, splice.ErrShort
	}
	return 0, wire.ParseRefusal(b)
}

// link gives both connections to the mover.
func (t *talk) link(done func(error)) *splice.Link {
	o := splice.Options{Done: done}
	if t.answered {
		o.First[splice.Backward] = t.heard
	} else {
		o.Answer = parseAnswer
	}
	return t.c.mover.Link(t.app, t.ch.Conn, o)
}
