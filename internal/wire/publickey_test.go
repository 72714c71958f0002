// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"crypto/ed25519"
	"strings"
	"testing"
)

func newPrivate(t *testing.T) (ed25519.PrivateKey, PublicKey) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key, PublicKey(pub)
}

func TestPublicKeyText(t *testing.T) {
	_, pub := newPrivate(t)
	var back PublicKey
	if err := back.UnmarshalText([]byte(pub.String())); err != nil || back != pub {
		t.Errorf("%v came back as %v: %v", pub, back, err)
	}
	if err := back.UnmarshalText([]byte(pub.String()[1:])); err == nil {
		t.Error("a key that is too short passes")
	}
	if f := pub.Fingerprint(); !strings.HasPrefix(f, "SHA256:") || len(f) != 7+43 {
		t.Errorf("fingerprint %q", f)
	}
}

func TestRotation(t *testing.T) {
	old, oldPub := newPrivate(t)
	_, next := newPrivate(t)
	_, other := newPrivate(t)
	r := Rotate(old, next)
	if !r.Leads(oldPub, next) {
		t.Error("a rotation is not believed")
	}
	if r.Leads(oldPub, other) || r.Leads(other, next) || (*Rotation)(nil).Leads(oldPub, next) {
		t.Error("a rotation leads elsewhere")
	}
	r.Signature[3] ^= 1
	if r.Leads(oldPub, next) {
		t.Error("a forged rotation is believed")
	}
}
