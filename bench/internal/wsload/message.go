// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsload

import (
	"bytes"
	"encoding/hex"
	"time"
)

// marker stands once in every message, followed by 16 hex digits: the time of
// sending in nanoseconds.
const marker = '~'

// message makes a payload of printable bytes, so that it may stand in JSON.
func message(size int) []byte {
	b := bytes.Repeat([]byte{'x'}, size)
	b[0] = marker
	var ts [8]byte
	n := time.Now().UnixNano()
	for i := range ts {
		ts[i] = byte(n >> (56 - 8*i))
	}
	hex.Encode(b[1:17], ts[:])
	return b
}

// sentAt reads the time of the first message in p and returns what follows it.
// A stamp that two reads cut apart is not found; that is rare enough.
func sentAt(p []byte) (stamp int64, rest []byte, ok bool) {
	i := bytes.IndexByte(p, marker)
	if i < 0 || len(p)-i < 17 {
		return 0, nil, false
	}
	for _, c := range p[i+1 : i+17] {
		d := int64(c - '0')
		if c >= 'a' {
			d = int64(c-'a') + 10
		}
		stamp = stamp<<4 | d
	}
	return stamp, p[i+17:], true
}
