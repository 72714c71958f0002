// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/seal"
	"github.com/culvertd/culvert/internal/wire"
)

// securedChannel is a channel after its handshake, for a udpStream: what is
// written goes out at once.
type securedChannel struct{ *securePath }

// Write implements net.Conn.
func (s securedChannel) Write(b []byte) (int, error) {
	n, err := s.securePath.Write(b)
	if err == nil {
		err = s.Flush()
	}
	return n, err
}

// Reset implements splice.Conn.
func (s securedChannel) Reset() error { return s.Close() }

// SetWriteBuffer bounds what the kernel queues, where there is a socket.
func (s securedChannel) SetWriteBuffer(n int) error {
	if t, ok := s.under.Conn.(interface{ SetWriteBuffer(bytes int) error }); ok {
		return t.SetWriteBuffer(n)
	}
	return nil
}

// take exports the keys of a channel after its handshake. Those to open with
// are the newest from now on; the one to seal with is for use. On failure the
// channel is closed.
func (k *udpKeys) take(p *securePath) (out seal.Key, err error) {
	defer func() {
		if err != nil {
			_ = p.Close()
		}
	}()
	peer, err := identity.Peer(p.Conn)
	if err != nil {
		return out, err
	}
	st := p.ConnectionState()
	if out, err = seal.Export(&st, k.ss.id, k.out); err != nil {
		return out, err
	}
	in, err := seal.Export(&st, k.ss.id, k.in)
	if err == nil {
		k.ss.proven.Store(&peer)
		k.receiver.Add(in)
	}
	return out, err
}

// use has a stream over a secured channel, before it runs, tell the other end
// that it may seal with the channel's keys, and wait to be told the same.
func (k *udpKeys) use(s *udpStream, out seal.Key, opened func()) {
	s.told = func(data []byte) {
		switch wire.ParseEnd(data) {
		case wire.EndReady:
			if out == (seal.Key{}) {
				return // a second sender would use counters again
			}
			k.sender.Store(seal.NewSender(out))
			out = seal.Key{}
			opened()
		case wire.EndPing:
			s.say(wire.EndPong)
		case wire.EndPong: // to be heard is enough
		}
	}
	s.say(wire.EndReady)
}

// distrustError is that a handshake has failed for no fault of the network.
type distrustError struct{ error }

func (d *distrustError) Unwrap() error { return d.error }

// sortOut tells, of a failed handshake, a verdict on the other end, which
// people should know, from a connection that broke or was refused.
func sortOut(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op != "remote error" {
		return err
	}
	if _, ok := errors.AsType[syscall.Errno](err); ok {
		return err
	}
	if _, ok := errors.AsType[*wire.Refusal](err); ok {
		return err
	}
	if _, ok := errors.AsType[*websocket.CloseError](err); ok {
		return err
	}
	for _, broke := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, context.Canceled, context.DeadlineExceeded, errSessionGone,
	} {
		if errors.Is(err, broke) {
			return err
		}
	}
	return &distrustError{fmt.Errorf("securing a channel for datagrams: %w", err)}
}

// distrusted reports whether one end does not trust the other: this one, or
// that one, whose TLS says so after this end's part of the handshake.
func distrusted(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return true
	}
	_, ok := errors.AsType[*distrustError](err)
	return ok
}
