// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

func TestCheckPassword(t *testing.T) {
	for password, want := range map[string]error{
		"grey-otter-7":                  nil,
		strings.Repeat("ab", 36):        nil, // 72 bytes
		strings.Repeat("ab", 36) + "c":  ErrPasswordLong,
		strings.Repeat("é", 36):         ErrPasswordCommon, // 72 bytes, of one letter
		"aé" + strings.Repeat("éa", 24): ErrPasswordLong,   // 75 bytes, 50 characters
		"seven77":                       ErrPasswordShort,
		"ööööööö":                       ErrPasswordShort, // 7 characters in 14 bytes
		"":                              ErrPasswordShort,
		"with\x00zero byte":             ErrPasswordText,
		"not\xffutf-8 at all":           ErrPasswordText,
		"password":                      ErrPasswordCommon,
		"PassWord":                      ErrPasswordCommon,
		"password1!":                    ErrPasswordCommon,
		"!!dragon!":                     ErrPasswordCommon,
		"12345678":                      ErrPasswordCommon,
		"zzzzzzzzzzzz":                  ErrPasswordCommon,
		"dragonfly-at-noon":             nil,
		"7$#9@2#4master":                nil, // the signs are most of it
		"wanderer":                      ErrPasswordPersonal,
		"Wanderer42":                    ErrPasswordPersonal,
		"ada.l@example.org":             ErrPasswordPersonal,
		"wanderer-of-the-hills":         nil,
	} {
		if got := CheckPassword(password, "Wanderer", "ada.l@example.org"); !errors.Is(got, want) || (want == nil && got != nil) {
			t.Errorf("CheckPassword(%q) = %v, want %v", password, got, want)
		}
	}
}

func TestBcrypt(t *testing.T) {
	h := NewBcrypt(bcrypt.MinCost)
	hash, err := h.Hash("grey-otter-7")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(hash, "otter") {
		t.Fatal("the hash has the password in it")
	}
	for _, tc := range []struct {
		hash, password string
		want           bool
	}{
		{hash, "grey-otter-7", true},
		{hash, "grey-otter-8", false},
		{hash, "", false},
		{hash, "grey-otter-7\x00grey-otter-7", false}, // bcrypt alone takes it
		{"", "grey-otter-7", false},
		{"", "", false},
	} {
		got, err := h.Check(tc.hash, tc.password)
		if err != nil || got != tc.want {
			t.Errorf("Check(%q, %q) = %v, %v, want %v", tc.hash, tc.password, got, err, tc.want)
		}
	}
	if _, err := h.Check("no hash", "grey-otter-7"); err == nil {
		t.Error("a hash that is none is no error")
	}
}

func TestBcrypt72Bytes(t *testing.T) {
	h := NewBcrypt(bcrypt.MinCost)
	longest := strings.Repeat("0123456789ab", 6)
	hash, err := h.Hash(longest)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := h.Check(hash, longest); !ok || err != nil {
		t.Errorf("72 bytes: %v, %v", ok, err)
	}
	if ok, _ := h.Check(hash, longest+"c"); ok {
		t.Error("the 73rd byte counts for nothing")
	}
	if _, err := h.Hash(longest + "c"); err == nil {
		t.Error("73 bytes were hashed")
	}
}

// The real cost, once: it takes a second.
func TestBcryptRealCost(t *testing.T) {
	h := NewBcrypt(DefaultCost)
	hash, err := h.Hash("grey-otter-7")
	if err != nil {
		t.Fatal(err)
	}
	if cost, err := bcrypt.Cost([]byte(hash)); cost != 12 || err != nil {
		t.Errorf("cost is %d (%v), want 12", cost, err)
	}
	if cost, err := bcrypt.Cost([]byte(h.nobody)); cost != 12 || err != nil {
		t.Errorf("nobody's cost is %d (%v), want 12", cost, err)
	}
	if ok, err := h.Check(hash, "grey-otter-7"); !ok || err != nil {
		t.Errorf("Check = %v, %v", ok, err)
	}
}
