// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var testKey = bytes.Repeat([]byte{7}, KeySize)

func newSigner(t testing.TB, key []byte, issuer, audience string) *Signer {
	t.Helper()
	s, err := NewSigner(key, issuer, audience)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSigner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSigner(t, testKey, "culvert", "api")
		now := time.Now()
		c := Claims{User: 12, ID: "abc", Epoch: 3, IssuedAt: now, ExpiresAt: now.Add(time.Hour)}
		text, err := s.Sign(c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Verify(text)
		if err != nil || got.User != 12 || got.ID != "abc" || got.Epoch != 3 ||
			!got.IssuedAt.Equal(now) || !got.ExpiresAt.Equal(c.ExpiresAt) {
			t.Fatalf("Verify = %+v, %v, want %+v", got, err, c)
		}
		for name, other := range map[string]*Signer{
			"key":      newSigner(t, bytes.Repeat([]byte{8}, KeySize), "culvert", "api"),
			"issuer":   newSigner(t, testKey, "other", "api"),
			"audience": newSigner(t, testKey, "culvert", "other"),
		} {
			if _, err := other.Verify(text); err == nil {
				t.Errorf("taken by a signer with another %s", name)
			}
		}
		for i := 0; i < len(text); i++ { // each bit counts, those of the encoding too
			bad := []byte(text)
			bad[i] ^= 1
			if _, err := s.Verify(string(bad)); err == nil {
				t.Errorf("taken with byte %d changed", i)
			}
		}
		time.Sleep(time.Hour - time.Second)
		if _, err := s.Verify(text); err != nil {
			t.Errorf("a second before it expires: %v", err)
		}
		time.Sleep(2 * time.Second)
		if _, err := s.Verify(text); err == nil {
			t.Error("taken when it had expired")
		}
	})
}

func TestSignerRefuses(t *testing.T) {
	s := newSigner(t, testKey, "culvert", "api")
	now := time.Now()
	good := func() jwt.MapClaims {
		return jwt.MapClaims{
			"iss": "culvert", "aud": "api", "sub": "12", "jti": "abc", "epoch": 0,
			"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		}
	}
	sign := func(method jwt.SigningMethod, c jwt.MapClaims, key any) string {
		text, err := jwt.NewWithClaims(method, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if _, err := s.Verify(sign(jwt.SigningMethodHS256, good(), testKey)); err != nil {
		t.Fatalf("the good one is refused: %v", err)
	}
	for name, value := range map[string]any{
		"iss": "other", "aud": "other", "sub": "0", "jti": "", "nbf": now.Add(time.Hour).Unix(), "exp": now.Add(-time.Second).Unix(), "iat": "x",
	} {
		c := good()
		c[name] = value
		if _, err := s.Verify(sign(jwt.SigningMethodHS256, c, testKey)); err == nil {
			t.Errorf("taken with %s = %v", name, value)
		}
		c = good()
		delete(c, name)
		if _, err := s.Verify(sign(jwt.SigningMethodHS256, c, testKey)); err == nil {
			t.Errorf("taken without %s", name)
		}
	}
	_, edKey, _ := ed25519.GenerateKey(nil)
	for name, text := range map[string]string{
		"none":  sign(jwt.SigningMethodNone, good(), jwt.UnsafeAllowNoneSignatureType),
		"HS384": sign(jwt.SigningMethodHS384, good(), testKey),
		"EdDSA": sign(jwt.SigningMethodEdDSA, good(), edKey),
		"long":  strings.Repeat("a", maxToken+1),
		"empty": "",
	} {
		if _, err := s.Verify(text); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := NewSigner(testKey[:31], "culvert", "api"); err == nil {
		t.Error("a short key is taken")
	}
	if _, err := NewSigner(testKey, "", "api"); err == nil {
		t.Error("no issuer is taken")
	}
}

func FuzzVerify(f *testing.F) {
	s := newSigner(f, testKey, "culvert", "api")
	now := time.Now()
	text, err := s.Sign(Claims{User: 1, ID: "x", IssuedAt: now, ExpiresAt: now.Add(24 * time.Hour)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("a.b.c")
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + ".e30.")
	f.Fuzz(func(t *testing.T, got string) {
		if c, err := s.Verify(got); err == nil && got != text {
			t.Errorf("%q is taken as %+v", got, c)
		}
	})
}
