// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wstest

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Deflate is what a server answered to an offer of permessage-deflate
// (RFC 7692 §7.1).
type Deflate struct {
	On                      bool
	ServerNoContextTakeover bool
	ClientNoContextTakeover bool
	ServerMaxWindowBits     int // 0: not in the answer
	ClientMaxWindowBits     int // 0: not in the answer
}

// parseDeflate reads a Sec-WebSocket-Extensions answer. A server may name each
// parameter once and no unknown ones, and only one extension was offered.
func parseDeflate(header []string) (Deflate, error) {
	all := strings.Join(header, ",")
	if strings.TrimSpace(all) == "" {
		return Deflate{}, nil
	}
	d := Deflate{On: true}
	parts := strings.Split(all, ";")
	if strings.TrimSpace(parts[0]) != "permessage-deflate" || strings.Contains(all, ",") {
		return d, fmt.Errorf("server accepted the extensions %q", all)
	}
	seen := map[string]bool{}
	for _, p := range parts[1:] {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if seen[name] {
			return d, fmt.Errorf("server named %s twice in %q", name, all)
		}
		seen[name] = true
		bits, err := strconv.Atoi(strings.Trim(value, `"`))
		window := err == nil && bits >= 8 && bits <= 15
		switch {
		case name == "server_no_context_takeover" && value == "":
			d.ServerNoContextTakeover = true
		case name == "client_no_context_takeover" && value == "":
			d.ClientNoContextTakeover = true
		case name == "server_max_window_bits" && window:
			d.ServerMaxWindowBits = bits
		case name == "client_max_window_bits" && window:
			d.ClientMaxWindowBits = bits
		default:
			return d, fmt.Errorf("server answered the parameter %q", p)
		}
	}
	return d, nil
}

var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(io.Discard, flate.BestSpeed)
	if err != nil {
		panic(err)
	}
	return w
}}

// tail is the empty stored block that ends a flush and is left out on the wire
// (RFC 7692 §7.2.1).
var tail = []byte{0x00, 0x00, 0xFF, 0xFF}

// Compress deflates a message on its own, without context takeover.
func Compress(p []byte) []byte {
	var b bytes.Buffer
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(&b)
	if _, err := w.Write(p); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	if err := w.Flush(); err != nil {
		panic(err)
	}
	out := bytes.TrimSuffix(b.Bytes(), tail)
	if len(out) == 0 {
		out = []byte{0} // RFC 7692 §7.2.3.6: an empty message still has one byte
	}
	return out
}

// Inflate undoes Compress, and stops at 64 MiB.
func Inflate(p []byte) ([]byte, error) {
	// A final empty block behind the restored tail lets the reader end with
	// EOF rather than with an unexpected one.
	r := flate.NewReader(io.MultiReader(bytes.NewReader(p), bytes.NewReader(tail),
		bytes.NewReader([]byte{0x01, 0x00, 0x00, 0xFF, 0xFF})))
	out, err := io.ReadAll(io.LimitReader(r, maxRead))
	if err != nil {
		return nil, fmt.Errorf("inflating %d bytes: %w", len(p), err)
	}
	return out, nil
}

// Bomb is a deflated message of n MiB of zero bytes in about n KiB, which is as
// far as deflate goes (1032:1).
func Bomb(n int) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err)
	}
	zeros := make([]byte, 1<<20)
	var blocks [2][]byte
	for i := range blocks {
		b.Reset()
		if _, err := w.Write(zeros); err != nil {
			panic(err)
		}
		if err := w.Flush(); err != nil {
			panic(err)
		}
		blocks[i] = bytes.Clone(b.Bytes())
	}
	// From the second MiB on, every block looks back at the same zeros, so its
	// bytes are the same too: no need to deflate a GiB to get one.
	return bytes.TrimSuffix(slices.Concat(blocks[0], bytes.Repeat(blocks[1], n-1)), tail)
}
