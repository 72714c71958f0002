// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/wire"
)

const (
	// registerTimeout is how long the gateway may take to answer.
	registerTimeout = 10 * time.Second
	// quickConnect bounds a TCP connection while the gateway is looked for
	// often: after it there would be a long pause until the next SYN.
	quickConnect = 3 * time.Second
)

// stay signs in, again and again, until ctx ends or there is no point.
func (c *Client) stay(ctx context.Context) error {
	b := backoff{first: c.cfg.ReconnectInterval}
	for {
		begun := time.Now()
		s, err := c.signIn(ctx, b.quick())
		if err == nil {
			begun = time.Now()
			err = c.attend(ctx, s)
			b.held(time.Since(begun))
			begun = time.Now()
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it is to end
		}
		err = classify(err)
		var final *Error
		switch {
		case errors.As(err, &final):
			return final
		case c.cfg.NoReconnect:
			return &Error{Kind: Unreachable, Err: err}
		}
		wait := b.next(time.Since(begun))
		var hint *laterError
		if errors.As(err, &hint) && hint.after > 0 {
			wait = min(hint.after, hintMost)
		}
		if errors.Is(err, errNetworkChanged) {
			b.reset() // it is no fault of the gateway's
			wait = 0
		}
		c.offline(err, wait)
		select {
		case <-time.After(wait):
		case <-c.changedNet: // what failed may work now
		case <-ctx.Done():
			return nil
		}
	}
}

// signIn connects and registers.
func (c *Client) signIn(ctx context.Context, quick bool) (*signal, error) {
	patience := handshakeTimeout
	if quick {
		patience = quickConnect
	}
	ws, resp, err := c.dialWebSocket(ctx, c.cfg.serverURL(""), http.Header{"Authorization": {"Bearer " + c.cfg.Token}}, patience)
	if resp != nil {
		defer resp.Body.Close()
		return nil, refusal(resp, err)
	}
	if err != nil {
		return nil, err
	}
	s := newSignal(ws)
	if !c.spawn(func(context.Context) { s.run(func(m wire.Message) error { return c.handle(s, m) }) }) {
		_ = ws.Close()
		return nil, errStopped
	}
	ctx, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	if err := c.register(ctx, s); err != nil {
		s.end(err)
		<-s.done
		return nil, err
	}
	return s, nil
}

// register sends what we are and offer. A success has been dealt with by
// handle when it returns, so that nothing that follows it comes before.
func (c *Client) register(ctx context.Context, s *signal) error {
	m, err := s.call(ctx, wire.TypeRegister, wire.Register{
		ClientID: c.wantedName(), Services: c.offers.services(), Version: wire.ProtocolVersion, Instance: c.instance,
		PublicKey: c.publicKey(), Rotation: c.rotation(),
	})
	if err != nil {
		return fmt.Errorf("registering: %w", err)
	}
	var r wire.RegisterResponse
	var e wire.ErrorPayload
	switch m.Type {
	case wire.TypeRegisterResponse:
		err = m.Unmarshal(&r)
	default:
		err = m.Unmarshal(&e)
		r.Code, r.Error = e.Code, e.Message
	}
	switch {
	case err != nil:
		return fmt.Errorf("registering: %w", err)
	case r.Success:
		return nil
	}
	return fromCode(r.Code, cmp.Or(r.Error, "the gateway refuses the registration"))
}

// attend waits until the connection is lost or ctx ends; then it is left open,
// for there is more to do on it.
func (c *Client) attend(ctx context.Context, s *signal) error {
	select {
	case <-s.done:
		return &lostError{s.reason()}
	case <-ctx.Done():
		return nil
	}
}

// laterError says when to come back.
type laterError struct {
	after time.Duration
	err   error
}

func (e *laterError) Error() string { return e.err.Error() }
func (e *laterError) Unwrap() error { return e.err }

// classify makes an *Error of what trying again would not mend.
func classify(err error) error {
	var ce *websocket.CloseError
	if err == nil || !errors.As(err, &ce) {
		return err
	}
	switch ce.Code {
	case wire.CloseUnauthorized:
		return &Error{Kind: Refused, Code: wire.CodeUnauthorized, Err: errors.New(cmp.Or(ce.Text, "the token was revoked"))}
	case wire.CloseReplaced:
		return &Error{Kind: NameTaken, Code: wire.CodeReplaced, Err: errors.New(
			"another process signed in with this name; only one can have it")}
	}
	if _, text, ok := strings.Cut(ce.Text, "retry-after="); ok {
		if s, perr := strconv.ParseFloat(text, 64); perr == nil && s >= 0 && s <= hintMost.Seconds() {
			return &laterError{max(time.Duration(s*float64(time.Second)), retryLeast), err}
		}
	}
	return err
}

// refusal makes an error of an answer that is not a WebSocket.
func refusal(resp *http.Response, err error) error {
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 1024)) // in memory
	var p wire.ErrorPayload
	if json.Unmarshal(b, &p) == nil && p.Message != "" {
		err = fmt.Errorf("the gateway refuses: %w", &p)
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &Error{Kind: Refused, Code: cmp.Or(p.Code, wire.CodeUnauthorized), Err: err}
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return fmt.Errorf("%w; the server's address is to be %s", err, resp.Header.Get("Location"))
	}
	if s, perr := strconv.Atoi(resp.Header.Get("Retry-After")); perr == nil && s > 0 {
		return &laterError{time.Duration(s) * time.Second, err}
	}
	return err
}

// fromCode sorts what the gateway says of us.
func fromCode(code, message string) error {
	err := errors.New(message)
	switch code {
	case wire.CodeNameTaken, wire.CodeReplaced:
		return &Error{Kind: NameTaken, Code: code, Err: err}
	case wire.CodeUnauthorized, wire.CodeInvalid, wire.CodeKeyChanged:
		return &Error{Kind: Refused, Code: code, Err: err}
	}
	return err // a limit, or a gateway that is stopping
}

// handle deals with one message, in the order in which they come.
func (c *Client) handle(s *signal, m wire.Message) error {
	switch m.Type {
	case wire.TypeRegisterResponse:
		return on(m, func(p wire.RegisterResponse) {
			if p.Success {
				c.welcome(s, p)
			}
		})
	case wire.TypeConnectRequest:
		return on(m, func(p wire.ConnectRequest) { c.consider(s, p) })
	case wire.TypeCreateSession:
		return on(m, func(p wire.CreateSession) { c.created(s, p) })
	case wire.TypeSessionClosed:
		return on(m, c.sessionClosed)
	case wire.TypeResumeWanted:
		return on(m, c.resumeWanted)
	case wire.TypeChannelsWanted:
		return on(m, func(p wire.ChannelsWanted) { c.parked.want(p.Count) })
	case wire.TypeError:
		return on(m, func(p wire.ErrorPayload) {
			if m.ID == "" {
				c.complaint(p)
			}
		})
	default: // answers, and what a newer gateway knows
		return nil
	}
}

// complaint logs an error that answers nothing in particular.
func (c *Client) complaint(p wire.ErrorPayload) {
	level := zap.WarnLevel
	switch p.Code {
	case wire.CodeSessionNotFound, wire.CodeRestarting, wire.CodeReplaced:
		level = zap.DebugLevel // it crossed with our message, or the close that follows says it
	}
	c.log.Log(level, "the gateway reports an error", zap.String("code", p.Code), zap.String("message", p.Message))
}

func on[T any](m wire.Message, f func(T)) error {
	var p T
	if err := m.Unmarshal(&p); err != nil {
		return err
	}
	f(p)
	return nil
}
