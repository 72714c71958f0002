// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"errors"
	"net"
	"time"
)

// Conn is a connection with ends that can be told apart: CloseWrite sends a
// FIN, Reset a RST and closes.
type Conn interface {
	net.Conn
	CloseWrite() error
	Reset() error
}

// The ways through a link: from A to B is Forward.
const (
	Forward = iota
	Backward
)

// Reasons why a link ends before both directions have come to their FIN. A
// connection's own failure is the error of its system call.
var (
	ErrReset = errors.New("reset on request")
	ErrIdle  = errors.New("no byte either way for too long")
	ErrQuota = errors.New("limit of bytes reached")
	// ErrShort is for Options.Answer.
	ErrShort = errors.New("more bytes are needed")
)

// maxAnswer bounds what Options.Answer may ask for.
const maxAnswer = 512

// Meter decides how much may pass and counts what has. Its methods are called
// with small intervals from one goroutine at a time per link, but from many at
// once if links share it, and must not block.
type Meter interface {
	// Allow returns how many of n bytes may be read now. If it is 0, wait says
	// when to ask again; a wait of 0 means never, and the link is reset with
	// ErrQuota.
	Allow(n int) (allowed int, wait time.Duration)
	// GiveBack returns what was allowed and not read.
	GiveBack(n int)
	// Moved says that the receiving socket has taken n bytes.
	Moved(n, direction int)
	// Idle is how long a link may be silent; 0 is for ever. It is asked about
	// once a second, so that a new value holds at once.
	Idle() time.Duration
}

// Options of a link; the zero value is one without limits.
type Options struct {
	// First is what goes out before anything that is read, First[Forward] to
	// B, First[Backward] to A: at once. Link copies it, and does not ask the
	// Meter for it.
	First [2][]byte
	// Own is how many bytes of First are not the stream's and not counted.
	Own [2]int
	// Lead goes out likewise, but together with the first bytes that are read
	// that way, or before its FIN; it is not counted. It saves a packet.
	Lead [2][]byte
	// Answer, if set, is given what is read from B first, before any of it goes
	// to A, and returns how many of these bytes are not for A. While it returns
	// ErrShort it is called again with more, at most 512 bytes; another error
	// ends the link with that error. The way to B is open meanwhile.
	Answer func(b []byte) (skip int, err error)
	// Meter may be nil.
	Meter Meter
	// Done is called once, when both connections are closed, from a goroutine
	// of the link's that must not be kept. err is nil if both directions ended
	// with a FIN. It may be nil.
	Done func(err error)
}
