// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/culvertd/culvert/internal/wire"
)

const (
	// writeTimeout bounds one write to a client, closeTimeout its closing
	// handshake.
	writeTimeout = 10 * time.Second
	closeTimeout = 2 * time.Second
	// Messages beyond the rate wait, which holds the client back; mistakes
	// beyond theirs close the connection.
	messageRate  = 500 // a second
	messageBurst = 1000
	mistakeBurst = 20 // a minute
)

// conn is one signaling connection. Two goroutines belong to it: read, which
// ends with the connection, and write.
type conn struct {
	srv      *Server
	ws       *websocket.Conn
	addr     netip.Addr
	host     string // that the client used for the gateway
	token    *token
	out      outbox
	seen     atomic.Int64 // when it last showed a sign of life, after srv.began
	messages *rate.Limiter
	mistakes *rate.Limiter

	// Guarded by srv.mu.
	life       *life     // nil until it has registered
	registerBy time.Time // meaningless once it has
}

func newConn(s *Server, ws *websocket.Conn, addr netip.Addr, host string, t *token) *conn {
	c := &conn{
		srv:        s,
		ws:         ws,
		addr:       addr,
		host:       host,
		token:      t,
		out:        newOutbox(),
		messages:   rate.NewLimiter(messageRate, messageBurst),
		mistakes:   rate.NewLimiter(rate.Limit(mistakeBurst)/60, mistakeBurst),
		registerBy: time.Now().Add(registerTimeout),
	}
	c.touch()
	ws.SetReadLimit(wire.MaxMessage)
	ws.SetPingHandler(func(data string) error {
		c.touch()
		err := ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeTimeout))
		if errors.Is(err, websocket.ErrCloseSent) {
			return nil
		}
		return err
	})
	ws.SetPongHandler(func(string) error {
		c.touch()
		return nil
	})
	return c
}

// touch goes by the monotonic clock: one that is set must not part with all.
func (c *conn) touch() { c.seen.Store(int64(time.Since(c.srv.began))) }

func (c *conn) lastSeen() time.Time { return c.srv.began.Add(time.Duration(c.seen.Load())) }

// read takes messages until the connection ends.
func (c *conn) read() {
	defer c.srv.gone(c)
	for {
		kind, b, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		c.touch()
		if c.pace() { // else it is being closed, and what still comes is thrown away
			c.hear(kind, b)
		}
	}
}

// hear serves one message.
func (c *conn) hear(kind int, b []byte) {
	if kind != websocket.TextMessage {
		c.fail("", invalid("signaling messages are text, not binary"))
		return
	}
	m, err := wire.Decode(b)
	if err != nil {
		c.fail("", invalid("%s", err))
		return
	}
	if no := c.srv.handle(c, m); no != nil {
		c.fail(m.ID, no)
	}
}

// pace waits until the client may send once more, a few milliseconds at most;
// false if the connection is being closed.
func (c *conn) pace() bool {
	time.Sleep(c.messages.Reserve().Delay())
	return !c.out.ended()
}

// write sends what waits, and closes the connection when it is to end.
func (c *conn) write() {
	for {
		queue, end := c.out.take()
		for _, b := range queue {
			_ = c.ws.SetWriteDeadline(time.Now().Add(writeTimeout)) // never fails
			if err := c.ws.WriteMessage(websocket.TextMessage, b); err != nil {
				_ = c.ws.Close() // which ends read
				return
			}
		}
		if end != nil {
			frame := websocket.FormatCloseMessage(end.code, cut(end.reason, wire.MaxCloseReason))
			if err := c.ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(closeTimeout)); err != nil {
				_ = c.ws.Close()
			}
			_ = c.ws.SetReadDeadline(time.Now().Add(closeTimeout)) // for the answer
			return
		}
		if len(queue) == 0 {
			return
		}
	}
}

// send queues a message. A client that does not take what it is sent is
// closed: it has the state of a while ago, and would act on it.
func (c *conn) send(t wire.Type, id string, payload any) {
	b, err := wire.Encode(t, id, payload)
	if err != nil {
		c.srv.log().Error("sending a signaling message", zap.Error(err))
		return
	}
	if !c.out.push(b) {
		c.out.finish(wire.CloseTryAgainLater, "too slow: too many messages wait for this client", true)
	}
}

// fail answers a message that cannot be served. Who makes mistakes in a loop
// is closed.
func (c *conn) fail(id string, no *wire.ErrorPayload) {
	c.srv.count.refuse(no.Code)
	c.send(wire.TypeError, id, no)
	c.mistake(no)
}

func (c *conn) mistake(no *wire.ErrorPayload) {
	switch no.Code {
	case wire.CodeInvalid, wire.CodeUnknownType, wire.CodeNotRegistered, wire.CodeNameTaken, wire.CodeKeyChanged:
		if !c.mistakes.Allow() {
			c.out.finish(wire.ClosePolicy, "too many wrong messages; the last: "+no.Message, false)
		}
	}
}

// cut shortens s to n bytes, at a character's end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
