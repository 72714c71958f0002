// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wstest

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestAppend compares encodings with those that RFC 6455 §5.7 prints.
func TestAppend(t *testing.T) {
	key, huge := &[4]byte{0x37, 0xfa, 0x21, 0x3d}, uint64(1)<<62
	for _, tc := range []struct {
		name string
		f    Frame
		want string
	}{
		{"unmasked text", Frame{Op: Text, Payload: []byte("Hello"), Bare: true}, "810548656c6c6f"},
		{"masked text", Frame{Op: Text, Payload: []byte("Hello"), Key: key}, "818537fa213d7f9f4d5158"},
		{"first fragment", Frame{Op: Text, More: true, Payload: []byte("Hel"), Bare: true}, "010348656c"},
		{"reserved bits", Frame{Op: Ping, RSV: RSV2 | RSV3, Bare: true}, "b900"},
		{"wide length", Frame{Op: Binary, Payload: []byte{1}, Wide: 2, Bare: true}, "827e000101"},
		{"widest length", Frame{Op: Binary, Payload: []byte{1}, Wide: 8, Bare: true}, "827f000000000000000101"},
		{"claimed length", Frame{Op: Binary, Claim: &huge, Key: key}, "82ff400000000000000037fa213d"},
	} {
		if got := hex.EncodeToString(tc.f.Append(nil)); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
	if b := (Frame{Op: Binary, Payload: make([]byte, 256), Bare: true}).Append(nil); !bytes.HasPrefix(b, []byte{0x82, 0x7e, 1, 0}) {
		t.Errorf("256 bytes: got header % x", b[:4])
	}
}

// TestReadFrame shows what is refused of a server.
func TestReadFrame(t *testing.T) {
	for in, want := range map[string]string{
		"8180":                 "masked",
		"8300":                 "reserved opcode",
		"0900":                 "control frame",
		"897e007e":             "control frame",
		"c100":                 "reserved bits",
		"827e0001":             "in 2 bytes",
		"827f000000000000ffff": "in 8 bytes",
		"827f4000000000000000": "stated a frame",
	} {
		raw, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		_, err = readFrame(bufio.NewReader(bytes.NewReader(raw)), false)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", in, err, want)
		}
	}
}

// TestEcho talks to a server that is not ours, plain and compressed.
func TestEcho(t *testing.T) {
	up := websocket.Upgrader{EnableCompression: true}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		for {
			op, p, err := ws.ReadMessage()
			if err != nil {
				return
			}
			if ws.WriteMessage(op, p) != nil {
				return
			}
		}
	}))
	defer srv.Close()
	for _, offer := range []string{"", "permessage-deflate; client_no_context_takeover"} {
		c, err := Dial(t.Context(), "ws"+strings.TrimPrefix(srv.URL, "http")+"/", Options{Deflate: offer})
		if err != nil {
			t.Fatal(err)
		}
		if c.Deflate.On != (offer != "") {
			t.Fatalf("offered %q, got %+v", offer, c.Deflate)
		}
		for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
			want := bytes.Repeat([]byte{'*'}, size)
			if err := c.SendMessage(Text, want); err != nil {
				t.Fatal(err)
			}
			m, err := c.ReadMessage()
			if err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
			if m.Op != Text || !bytes.Equal(m.Payload, want) || m.Deflated != c.Deflate.On {
				t.Fatalf("%d bytes came back as %d, opcode %d, deflated %v", size, len(m.Payload), m.Op, m.Deflated)
			}
		}
		if err := c.SendChopped(1, Fragments(Binary, 0, []byte("fragmented"), 3)...); err != nil {
			t.Fatal(err)
		}
		if m, err := c.ReadMessage(); err != nil || string(m.Payload) != "fragmented" || m.Op != Binary {
			t.Fatalf("got %+v, %v", m, err)
		}
		if err := c.PingPong("ping"); err != nil {
			t.Fatal(err)
		}
		if err := c.Quiet(20 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if err := c.Shake(1000); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRefused shows the answer of a server that does not upgrade.
func TestRefused(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	_, err := Dial(t.Context(), "ws"+strings.TrimPrefix(srv.URL, "http")+"/", Options{})
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Fatalf("got %v", err)
	}
}

// TestDeflate covers what an echo cannot: the bomb, the empty message, and
// answers that no server may give.
func TestDeflate(t *testing.T) {
	if b := Bomb(1000); len(b) > 1<<20 {
		t.Errorf("a bomb of 1000 MiB has %d bytes", len(b))
	}
	bomb, err := Inflate(Bomb(8))
	if err != nil || len(bomb) != 8<<20 {
		t.Errorf("a bomb of 8 MiB inflates to %d bytes, %v", len(bomb), err)
	}
	for _, s := range []string{"", "Hello", strings.Repeat("Hello", 1000)} {
		if p, err := Inflate(Compress([]byte(s))); err != nil || string(p) != s {
			t.Errorf("%.10q comes back as %.10q, %v", s, p, err)
		}
	}
	for _, h := range []string{
		"permessage-deflate; server_max_window_bits=16",
		"permessage-deflate; server_no_context_takeover; server_no_context_takeover",
		"permessage-deflate, permessage-deflate",
		"permessage-bzip2",
		"permessage-deflate; client_max_window_bits",
	} {
		if d, err := parseDeflate([]string{h}); err == nil {
			t.Errorf("%s was taken as %+v", h, d)
		}
	}
}
