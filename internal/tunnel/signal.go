// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
)

const (
	// maxOut bounds the messages that wait to be sent, and maxCalls those that
	// wait for their answer.
	maxOut   = 1024
	maxCalls = 1024
	// Until the gateway has said its own.
	heartbeatInterval = 15 * time.Second
	heartbeatTimeout  = 45 * time.Second
	// sendTimeout bounds one message.
	sendTimeout = 10 * time.Second
)

var errTooMany = errors.New("too many messages wait for the gateway")

// signal is one signaling connection. run and read are its goroutines; it has
// ended when done is closed.
type signal struct {
	ws       *websocket.Conn
	out      chan []byte
	done     chan struct{}
	stop     chan struct{} // closed to have it end
	stopOnce sync.Once
	read     chan struct{} // closed when nothing is read any more

	interval, timeout atomic.Int64  // of heartbeats
	retimed           chan struct{} // has room for one

	mu    sync.Mutex // guards the fields below
	err   error      // why it ends
	calls map[string]chan wire.Message
	asked uint64
}

func newSignal(ws *websocket.Conn) *signal {
	s := &signal{
		ws: ws, out: make(chan []byte, maxOut), done: make(chan struct{}), stop: make(chan struct{}),
		read: make(chan struct{}), calls: make(map[string]chan wire.Message), retimed: make(chan struct{}, 1),
	}
	s.interval.Store(int64(heartbeatInterval))
	s.timeout.Store(int64(heartbeatTimeout))
	ws.SetReadLimit(wire.MaxMessage)
	ws.SetPingHandler(func(data string) error {
		s.alive()
		err := ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(sendTimeout))
		if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
			return fmt.Errorf("answering a ping: %w", err)
		}
		return nil
	})
	return s
}

// run serves the connection until it ends. Every message is given to handle,
// in order; one that answers a call goes to its caller after that.
func (s *signal) run(handle func(wire.Message) error) {
	var both sync.WaitGroup
	both.Go(s.write)
	err := s.receive(handle)
	close(s.read)
	s.end(err)
	if ce := (*websocket.CloseError)(nil); errors.As(err, &ce) {
		// The gateway's verdict, even if a write had failed before.
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
	}
	both.Wait()
	close(s.done)
}

func (s *signal) receive(handle func(wire.Message) error) error {
	for {
		s.alive()
		kind, b, err := s.ws.ReadMessage()
		if err != nil {
			return err
		}
		if kind != websocket.TextMessage {
			continue
		}
		m, err := wire.Decode(b)
		if err != nil {
			return fmt.Errorf("the gateway makes no sense: %w", err)
		}
		if err := handle(m); err != nil {
			return err
		}
		s.answer(m)
	}
}

// alive allows the gateway another while of silence: any message is a sign of
// life.
func (s *signal) alive() {
	_ = s.ws.SetReadDeadline(time.Now().Add(time.Duration(s.timeout.Load())))
}

// write sends what waits, and heartbeats.
func (s *signal) write() {
	defer s.ws.Close() // ends receive
	timer := time.NewTimer(time.Duration(s.interval.Load()))
	defer timer.Stop()
	for {
		var b []byte
		select {
		case b = <-s.out:
		case <-timer.C:
			var err error
			if b, err = wire.Encode(wire.TypeHeartbeat, "", wire.Heartbeat{Timestamp: time.Now().UnixMilli()}); err != nil {
				s.end(err)
				return
			}
			timer.Reset(time.Duration(s.interval.Load()))
		case <-s.retimed:
			timer.Reset(time.Duration(s.interval.Load()))
			continue
		case <-s.stop:
			s.farewell()
			return
		}
		_ = s.ws.SetWriteDeadline(time.Now().Add(sendTimeout))
		if err := s.ws.WriteMessage(websocket.TextMessage, b); err != nil {
			s.end(fmt.Errorf("writing to the gateway: %w", err))
			select { // the gateway may have said why
			case <-s.read:
			case <-time.After(time.Second):
			}
			return
		}
	}
}

// farewell sends what still waits and closes, if the connection takes it.
func (s *signal) farewell() {
	_ = s.ws.SetWriteDeadline(time.Now().Add(time.Second))
	for {
		select {
		case b := <-s.out:
			if s.ws.WriteMessage(websocket.TextMessage, b) != nil {
				return
			}
			continue
		default:
		}
		_ = s.ws.WriteControl(websocket.CloseMessage,
			websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
		return
	}
}

// end has the connection end; the first reason counts.
func (s *signal) end(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	s.stopOnce.Do(func() { close(s.stop) })
}

// setTimes takes the gateway's times, in milliseconds; 0 leaves ours. A new
// interval begins now: the gateway's timeout may be shorter than the old one.
func (s *signal) setTimes(interval, timeout int64) {
	if interval > 0 {
		s.interval.Store(interval * int64(time.Millisecond))
	}
	if timeout > 0 {
		s.timeout.Store(timeout * int64(time.Millisecond))
	}
	select {
	case s.retimed <- struct{}{}:
	default:
	}
}

// reason returns why it has ended.
func (s *signal) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// send queues a message. A gateway that takes none is as good as lost.
func (s *signal) send(t wire.Type, id string, payload any) error {
	b, err := wire.Encode(t, id, payload)
	if err != nil {
		return err
	}
	select {
	case s.out <- b:
		return nil
	case <-s.stop:
		return s.reason()
	default:
		s.end(errTooMany)
		return errTooMany
	}
}

// call sends a request and waits for its answer.
func (s *signal) call(ctx context.Context, t wire.Type, payload any) (wire.Message, error) {
	id, answer, err := s.expect()
	if err != nil {
		return wire.Message{}, err
	}
	defer s.forget(id)
	if err := s.send(t, id, payload); err != nil {
		return wire.Message{}, err
	}
	select {
	case m := <-answer:
		return m, nil
	case <-s.done:
		return wire.Message{}, &lostError{s.reason()}
	case <-ctx.Done():
		return wire.Message{}, fmt.Errorf("waiting for the gateway's answer to %s: %w", t, ctx.Err())
	}
}

func (s *signal) expect() (string, <-chan wire.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) >= maxCalls {
		return "", nil, errTooMany
	}
	s.asked++
	id := strconv.FormatUint(s.asked, 10)
	answer := make(chan wire.Message, 1)
	s.calls[id] = answer
	return id, answer, nil
}

func (s *signal) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.calls, id)
}

func (s *signal) answer(m wire.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer, ok := s.calls[m.ID]; ok {
		delete(s.calls, m.ID)
		answer <- m // has room for one, and gets one
	}
}

// lostError is that the connection went away before the answer came.
type lostError struct{ err error }

func (e *lostError) Error() string { return "the connection to the gateway was lost: " + e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }
