// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
)

// handshake returns both ends' view of a new TLS connection.
func handshake(t *testing.T) (client, server tls.ConnectionState) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	near := tls.Client(a, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13})
	far := tls.Server(b, &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}, MinVersion: tls.VersionTLS13,
		SessionTicketsDisabled: true,
	})
	done := make(chan error, 1)
	go func() { done <- far.Handshake() }()
	if err := near.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return near.ConnectionState(), far.ConnectionState()
}

func export(t *testing.T, cs tls.ConnectionState, session string, d Direction) Key {
	t.Helper()
	k, err := Export(&cs, session, d)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestExport: both ends have the same keys, and each channel, session and
// direction its own (rules U4).
func TestExport(t *testing.T) {
	client, server := handshake(t)
	other, _ := handshake(t)
	seen := make(map[Key]string)
	for name, cs := range map[string][2]tls.ConnectionState{"a channel": {client, server}, "another": {other, other}} {
		for _, session := range []string{"s1", "s2", ""} {
			for _, d := range []Direction{ToProvider, ToVisitor} {
				what := fmt.Sprintf("%s, session %q, %c", name, session, d)
				k := export(t, cs[0], session, d)
				if k != export(t, cs[1], session, d) {
					t.Errorf("%s: the ends differ", what)
				}
				for was := range seen {
					if was.id == k.id || was.secret == k.secret || was.iv == k.iv {
						t.Errorf("%s has a part of the key of %s", what, seen[was])
					}
				}
				seen[k] = what
			}
		}
	}
}

func TestKeyPrintsAsItsID(t *testing.T) {
	k := testKey(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		for _, text := range []string{fmt.Sprintf(verb, k), fmt.Sprintf(verb, &k)} {
			if strings.Contains(text, hex.EncodeToString(k.secret[:4])) || strings.Contains(text, fmt.Sprint(k.secret[0], k.secret[1])) {
				t.Errorf("%s: %s", verb, text)
			}
		}
	}
	if k.String() != "key "+hex.EncodeToString(k.id[:]) {
		t.Error(k.String())
	}
}

// testKey makes a key of random bytes.
func testKey(t testing.TB) Key {
	t.Helper()
	var k Key
	for _, b := range [][]byte{k.id[:], k.secret[:], k.iv[:]} {
		if _, err := rand.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// pair returns both ends of a direction.
func pair(t testing.TB) (*Sender, *Receiver) {
	t.Helper()
	k := testKey(t)
	r := &Receiver{}
	r.Add(k)
	return NewSender(k), r
}

func seal(t testing.TB, s *Sender, data string, ad []byte) []byte {
	t.Helper()
	b, err := s.Seal(nil, []byte(data), ad)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLayout holds the bytes to what docs/protocol.md says.
func TestLayout(t *testing.T) {
	k := testKey(t)
	s := NewSender(k)
	seal(t, s, "the counter 0", nil)
	b, err := s.Seal([]byte("before"), []byte("data"), []byte{7})
	if err != nil {
		t.Fatal(err)
	}
	nonce := bytes.Clone(k.iv[:])
	nonce[11] ^= 1
	want := append([]byte("before"), k.id[:]...)
	want = append(want, 0, 0, 0, 0, 0, 0, 0, 1)
	want = k.aead().Seal(want, nonce, []byte("data"), []byte{7})
	if !bytes.Equal(b, want) || len(b) != len("before")+len("data")+28 {
		t.Errorf("got  %x\nwant %x", b, want)
	}
}
