// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

func TestHeaderRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 1 << 40} {
		b := AppendServerHeader(nil, FinBit|byte(Binary), n)
		if len(b) != ServerHeaderSize(n) {
			t.Errorf("length %d: header of %d bytes, ServerHeaderSize says %d", n, len(b), ServerHeaderSize(n))
		}
		for i := range b {
			if _, size, err := ParseHeader(b[:i]); size != 0 || err != nil {
				t.Errorf("length %d: %d of %d bytes parsed as a header of %d, %v", n, i, len(b), size, err)
			}
		}
		h, size, err := ParseHeader(append(b, 'x'))
		if err != nil || size != len(b) || h.Length != int64(n) || !h.Fin || h.Opcode != Binary || h.Masked || h.RSV != 0 {
			t.Errorf("length %d: got %+v, %d, %v", n, h, size, err)
		}
	}
}

func TestHeaderTopBit(t *testing.T) {
	b := []byte{0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}
	if _, _, err := ParseHeader(b); !errors.Is(err, ErrLength) {
		t.Errorf("got %v, want ErrLength", err)
	}
}

func TestMask(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		p := make([]byte, r.IntN(100))
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		key := [4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}
		want := bytes.Clone(p)
		for i := range want {
			want[i] ^= key[i&3]
		}
		got, pos := bytes.Clone(p), 0
		for rest := got; len(rest) > 0; { // in pieces
			n := 1 + r.IntN(len(rest))
			pos = Mask(key, pos, rest[:n])
			rest = rest[n:]
		}
		if !bytes.Equal(got, want) || pos != len(p)&3 {
			t.Fatalf("masking %x with %x: got %x at %d, want %x", p, key, got, pos, want)
		}
	}
}

func FuzzParseHeader(f *testing.F) {
	f.Add([]byte{0x81, 0x85, 1, 2, 3, 4})
	f.Add([]byte{0x82, 0xFE, 1, 0, 1, 2, 3, 4})
	f.Add([]byte{0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, size, err := ParseHeader(b)
		if size > len(b) || size > MaxHeader || h.Length < 0 {
			t.Fatalf("%x: %+v of %d bytes, %v", b, h, size, err)
		}
		if size > 0 {
			again, n, err := ParseHeader(b[:size])
			if err != nil || n != size || again != h {
				t.Fatalf("%x: the header alone gives %+v, %d, %v", b, again, n, err)
			}
		}
	})
}

// FuzzUTF8 compares the piecewise check with the standard library's on the
// whole, and with its own on one piece.
func FuzzUTF8(f *testing.F) {
	for _, s := range []string{"", "κόσμε", "\xf4\x90\x80\x80", "\xed\xa0\x80", "a\xc3", "\xf0\x9f\x98\x80x"} {
		f.Add([]byte(s), uint8(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		n := int(step%7) + 1
		var u UTF8
		ok := true
		for p := b; ok && len(p) > 0; {
			k := min(n, len(p))
			ok = u.Write(p[:k])
			p = p[k:]
		}
		if ok && u.Done() != utf8.Valid(b) || !ok && utf8.Valid(b) {
			t.Fatalf("%q in pieces of %d: accepted %v, valid %v", b, n, ok, utf8.Valid(b))
		}
		var whole UTF8
		if whole.Write(b) != ok {
			t.Fatalf("%q: pieces of %d gave %v, the whole did not", b, n, ok)
		}
	})
}

func FuzzParseClose(f *testing.F) {
	f.Add([]byte{0x03, 0xe8, 'b', 'y', 'e'})
	f.Fuzz(func(t *testing.T, p []byte) {
		code, reason, ok := ParseClose(p)
		if !ok || len(p) > MaxControl {
			return
		}
		if b := AppendClose(nil, code, reason); !bytes.Equal(b[2:], p) {
			t.Fatalf("%x became %x", p, b[2:])
		}
	})
}

func TestAppendCloseCutsAtCharacter(t *testing.T) {
	b := AppendClose(nil, CloseNormal, string(bytes.Repeat([]byte("é"), 100)))
	if len(b) > 2+MaxControl || !utf8.Valid(b[4:]) {
		t.Errorf("close frame of %d bytes, reason %q", len(b), b[4:])
	}
}
