// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"io"
	"time"
)

// App is the application's connection at this end. It belongs to the stream.
type App interface {
	io.ReadWriter
	// CloseWrite sends a FIN, Reset a RST and closes.
	CloseWrite() error
	Reset() error
	Close() error
}

// What an App may have as well.
type (
	// lazyReader reads into what get returns, which it asks for only when there
	// is something to read; put takes that back if there was nothing after all.
	lazyReader interface {
		ReadLazily(get func() []byte, put func()) (int, error)
	}
	// tryReader reads what has come already, perhaps nothing.
	tryReader interface{ TryRead(b []byte) (int, error) }
	// tryWriter writes what can be written at once, perhaps nothing.
	tryWriter interface{ TryWrite(b []byte) (int, error) }
	// prober returns an error if the connection has been reset, without
	// reading from it.
	prober interface{ Probe() error }
)

// Path is what a channel is made of: a reliable connection with a peer that has
// proven who it is. Read and Write are called by one goroutine each.
type Path interface {
	io.Reader
	// Write may keep b's bytes back until Flush.
	io.Writer
	Flush() error
	// Buffered reports whether there is more to read without waiting.
	Buffered() bool
	// Close ends it at once, with all calls under way.
	Close() error
}

// Instance is random for each process. A stream lives and dies with both of
// its ends' (rules S3).
type Instance [16]byte

// ID names a stream; it is random.
type ID [16]byte

// Peer is who is at the other end of a channel: its key, by which it has proven
// itself.
type Peer [32]byte

// Config of a Host. Functions must not block or call back at once, unless they
// say so, and are called by whoever is there: by Attach, too, which may find that
// the stream has ended.
type Config struct {
	Instance Instance
	// Resume is how long a stream waits for a channel, if its other end waits
	// as long. Default: 2 min.
	Resume time.Duration
	// MaxWindow bounds the bytes of one direction of a stream that are on the
	// way. Default: 4 MiB.
	MaxWindow int
	// Budget bounds all of them together, beyond the 64 KiB that each stream
	// has for certain; half of it those of one peer. Default: 256 MiB.
	Budget int64
	// MaxDetached bounds the streams that wait for a channel, per peer; more
	// are reset. Default: 4096.
	MaxDetached int

	// Accept is told of a stream that a visitor has opened. Whoever is told
	// calls Join or Refuse, soon. Nil refuses all.
	Accept func(s *Stream, c *Channel, service string)
	// Detached is told that a stream needs a channel: it has lost its own, or
	// has something to say to its peer. May call Attach.
	Detached func(s *Stream)
	// Opened is told once of a visitor's stream that its service was reached.
	Opened func(s *Stream)
	// Ended is told once of each stream, when its application is free of it.
	// err is nil if both directions came to their end.
	Ended func(s *Stream, err error)
	// Ready is told of a visitor's channel that carries nothing: it is new and its peer
	// has said who it is, or its stream has ended. May call Attach.
	Ready func(c *Channel)
	// Lost is told once of each channel that has ended.
	Lost func(c *Channel, err error)
}

const (
	defaultResume      = 2 * time.Minute
	defaultMaxWindow   = 4 << 20
	defaultBudget      = 256 << 20
	defaultMaxDetached = 4096
	// guaranteed is what each direction of a stream has for certain, and
	// begins with (rules S9).
	guaranteed = 64 << 10
)

// Code says why a stream was reset; it travels.
type Code uint16

// The codes.
const (
	CodeReset       Code = 1 + iota // the application's connection was
	CodeUnreachable                 // the service could not be reached
	CodeNoService                   // there is none of this name, or not for this peer
	CodeTimeout                     // no channel for too long
	CodeGone                        // the other end does not know the stream: it was started anew
	CodeStopping                    // the other end stops, or was told to end the stream
	CodeBusy                        // too many streams
)

var codeTexts = map[Code]string{
	CodeReset:       "the other application's connection was reset",
	CodeUnreachable: "the service cannot be reached",
	CodeNoService:   "the other end offers no such service to us",
	CodeTimeout:     "the connection to the other end was away for too long",
	CodeGone:        "the other end was started anew",
	CodeStopping:    "the other end stops",
	CodeBusy:        "the other end has too many streams",
}

// ResetError is why a stream was reset, if it was not the own application.
type ResetError struct {
	Code   Code
	Remote bool // the other end said it
}

// Error implements error.
func (e *ResetError) Error() string {
	if text, ok := codeTexts[e.Code]; ok {
		return text
	}
	return "the other end resets the stream"
}

// Reasons of Config.Lost and Config.Ended.
var (
	ErrClosed = errors.New("closed by this end")
	ErrSilent = errors.New("no sign of life from the other end")
	ErrFenced = errors.New("the stream goes on over another channel")
)

// protocolError is a peer that breaks the rules of docs/streams.md.
type protocolError string

func (e protocolError) Error() string { return "the other end makes no sense: " + string(e) }
