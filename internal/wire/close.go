// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"unicode/utf8"
)

// Close codes that the gateway sends or looks for (RFC 6455 §7.4.1, the IANA
// registry, and our own from 4000).
const (
	CloseNormal         = 1000
	CloseGoingAway      = 1001
	CloseProtocolError  = 1002
	CloseNoStatus       = 1005 // never on the wire: a close frame without a code
	CloseAbnormal       = 1006 // never on the wire: no close frame at all
	CloseInvalidPayload = 1007
	ClosePolicy         = 1008
	CloseTooBig         = 1009
	CloseRestart        = 1012
	CloseTryAgainLater  = 1013
	CloseDeleted        = 4410 // the endpoint was deleted, as HTTP's 410
)

// MaxCloseReason is the longest reason in bytes that a close frame can carry.
const MaxCloseReason = MaxControl - 2

// ValidCloseCode reports whether the code may stand in a close frame: those
// that RFC 6455 and the IANA registry define, and 3000 to 4999.
func ValidCloseCode(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014:
		return true
	}
	return code >= 3000 && code <= 4999
}

// AppendClose appends an unmasked close frame. CloseNoStatus gives one without
// a payload; a reason is cut to what fits, at a character's end.
func AppendClose(b []byte, code int, reason string) []byte {
	if code == CloseNoStatus {
		return append(b, FinBit|byte(Close), 0)
	}
	if len(reason) > MaxCloseReason {
		n := MaxCloseReason
		for n > 0 && !utf8.RuneStart(reason[n]) {
			n--
		}
		reason = reason[:n]
	}
	b = append(b, FinBit|byte(Close), byte(2+len(reason)))
	b = binary.BigEndian.AppendUint16(b, uint16(code))
	return append(b, reason...)
}

// ParseClose reads the payload of a close frame. ok is false for a payload of
// one byte, a code that must not be sent, or a reason that is not UTF-8; code
// then is the one to answer with.
func ParseClose(p []byte) (code int, reason string, ok bool) {
	switch {
	case len(p) == 0:
		return CloseNoStatus, "", true
	case len(p) == 1:
		return CloseProtocolError, "", false
	}
	code = int(binary.BigEndian.Uint16(p))
	if !ValidCloseCode(code) {
		return CloseProtocolError, "", false
	}
	if !utf8.Valid(p[2:]) {
		return CloseInvalidPayload, "", false
	}
	return code, string(p[2:]), true
}
