// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
)

// The relay, TCP. A channel opens with one line of ASCII and then carries raw
// bytes:
//
//	CULVERT/1 <role> <protocol> <key id> <session> <counter> <replaces> <mac>\n
//
//	role      park: a provider waits for any visitor; key of the client
//	          open: a visitor's channel; its data may follow at once; key of the session
//	          warm: like open, but it begins with the byte Go, later
//	protocol  tcp, or udp: the stream carries the packets of packet.go
//	session   the session's id; "-" when parking
//	counter   decimal, from 1 on, never used twice with one key
//	replaces  counter of the channel with the same key that this one replaces, or 0
//	mac       base64url of HMAC-SHA256 over all before it, cut to 16 bytes
//
// The relay says nothing until it must. To a visitor it sends the byte OK
// before the first byte from the provider, or a refusal. To a parked channel
// it sends a refusal, or a go line right before the visitor's first bytes:
//
//	-<code> <message>\n
//	GO <session> <service> <protocol> <mode>\n
const (
	MaxLine = 512 // bytes with the newline, of every line either way

	Go byte = 'G' // begins a warm channel
	OK byte = '+' // precedes the provider's bytes
	no byte = '-' // begins a refusal

	lineMagic = "CULVERT/1"
	goMagic   = "GO"
)

// Role is what an opening line asks for.
type Role string

// The roles.
const (
	Park Role = "park"
	Open Role = "open"
	Warm Role = "warm"
)

// The protocols of a channel.
const (
	TCP = "tcp"
	UDP = "udp"
)

// The modes of a channel. The relay moves the bytes of both alike; the ends
// check the mode against their own configuration, for the relay could lie.
const (
	ModePlain = "plain" // the application's bytes as they are; both ends have said so
	ModeTLS   = "tls"   // TLS between the ends, and streams in it that outlive the channel
)

// Codes of refusals.
const (
	RefusedDenied  = "denied"  // unknown key, wrong MAC, or replayed: one answer for all
	RefusedStale   = "stale"   // the counter fell behind the window: try again with a fresh one
	RefusedClosed  = "closed"  // the session has ended
	RefusedOffline = "offline" // the provider has no channel to offer
	RefusedLimit   = "limit"   // the message names the limit
	RefusedBusy    = "busy"    // the relay is short of descriptors, or stops
)

// Line is an opening line.
type Line struct {
	Role     Role
	Protocol string
	Key      KeyID
	Session  string // empty when parking
	Counter  uint64
	Replaces uint64 // 0: none
}

// SignedLine is a parsed line whose MAC nobody has checked yet.
type SignedLine struct {
	Line
	signed []byte // aliases the input
	tag    Tag
}

var errLine = errors.New("not an opening line")

// Append appends the line with its MAC and newline.
func (l Line) Append(b []byte, s Secret) []byte {
	start := len(b)
	session := l.Session
	if session == "" {
		session = "-"
	}
	b = fmt.Appendf(b, "%s %s %s %s %s %d %d ", lineMagic, l.Role, l.Protocol, l.Key, session, l.Counter, l.Replaces)
	tag := s.sign(b[start:])
	b = base64.RawURLEncoding.AppendEncode(b, tag[:])
	return append(b, '\n')
}

// ParseLine parses a line without its newline. It accepts exactly what Append
// makes, so that a line has one form.
func ParseLine(b []byte) (SignedLine, error) {
	var l SignedLine
	if len(b) >= MaxLine {
		return l, errLine
	}
	f := bytes.Split(b, []byte(" "))
	if len(f) != 8 || string(f[0]) != lineMagic {
		return l, errLine
	}
	l.Role, l.Protocol = Role(f[1]), string(f[2])
	if l.Protocol != TCP && l.Protocol != UDP || l.Key.UnmarshalText(f[3]) != nil {
		return l, errLine
	}
	session := string(f[4])
	switch l.Role {
	case Park:
		if session != "-" {
			return l, errLine
		}
	case Open, Warm:
		if !validToken(session) || session == "-" {
			return l, errLine
		}
		l.Session = session
	default:
		return l, errLine
	}
	var ok1, ok2 bool
	l.Counter, ok1 = parseDecimal(f[5])
	l.Replaces, ok2 = parseDecimal(f[6])
	if !ok1 || !ok2 || l.Counter == 0 || decodeExactly(l.tag[:], f[7]) != nil {
		return l, errLine
	}
	l.signed = b[:len(b)-len(f[7])]
	return l, nil
}

// Verify reports, in constant time, whether the line was made with s. The
// parsed bytes must not have changed since.
func (l *SignedLine) Verify(s Secret) bool { return s.verify(l.signed, l.tag) }

// GoLine tells a parked channel whose it is now.
type GoLine struct {
	Session  string
	Service  string
	Protocol string
	Mode     string
}

// Append appends the line with its newline.
func (g GoLine) Append(b []byte) []byte {
	return fmt.Appendf(b, "%s %s %s %s %s\n", goMagic, g.Session, g.Service, g.Protocol, g.Mode)
}

// ParseGo parses what a parked channel receives, without its newline: a go
// line or, as an error of type *Refusal, a refusal.
func ParseGo(b []byte) (GoLine, error) {
	if len(b) > 0 && b[0] == no {
		return GoLine{}, ParseRefusal(b)
	}
	f := bytes.Split(b, []byte(" "))
	if len(b) >= MaxLine || len(f) != 5 || string(f[0]) != goMagic {
		return GoLine{}, errors.New("not a go line")
	}
	for _, v := range f[1:] {
		if !validToken(string(v)) {
			return GoLine{}, errors.New("not a go line")
		}
	}
	return GoLine{string(f[1]), string(f[2]), string(f[3]), string(f[4])}, nil
}

// Refusal is why the relay does not open a channel.
type Refusal struct {
	Code    string
	Message string
}

// Error implements error.
func (r *Refusal) Error() string { return r.Message + " (" + r.Code + ")" }

// Append appends the line with its newline, cut to MaxLine.
func (r *Refusal) Append(b []byte) []byte {
	msg := bytes.ReplaceAll([]byte(r.Message), []byte("\n"), []byte(" "))
	msg = msg[:min(len(msg), MaxLine-len(r.Code)-3)]
	return fmt.Appendf(b, "%c%s %s\n", no, r.Code, msg)
}

// ParseRefusal parses a refusal without its newline. What cannot be parsed is
// an error of another type.
func ParseRefusal(b []byte) error {
	if len(b) == 0 || b[0] != no || len(b) >= MaxLine {
		return errors.New("not an answer of a relay")
	}
	code, msg, _ := bytes.Cut(b[1:], []byte(" "))
	if !validToken(string(code)) {
		return errors.New("not an answer of a relay")
	}
	return &Refusal{Code: string(code), Message: string(bytes.ToValidUTF8(msg, []byte("?")))}
}

// parseDecimal accepts what strconv.FormatUint makes, and nothing else.
func parseDecimal(b []byte) (uint64, bool) {
	n, err := strconv.ParseUint(string(b), 10, 64)
	return n, err == nil && (b[0] != '0' || len(b) == 1) && b[0] != '+'
}
