// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go/data"
)

// The length of a password in bytes. bcrypt reads no more than 72 of them, so a
// longer one is refused instead of cut.
const (
	MinPassword = 8
	MaxPassword = 72
)

// What CheckPassword may object to. The texts are for people.
var (
	ErrPasswordShort    = errors.New("the password is shorter than 8 characters")
	ErrPasswordLong     = errors.New("the password is longer than 72 bytes")
	ErrPasswordText     = errors.New("the password has characters that cannot be typed")
	ErrPasswordCommon   = errors.New("the password is one of those that are tried first")
	ErrPasswordPersonal = errors.New("the password is the name or the e-mail address")
)

// CheckPassword says whether a password is good enough to be set. personal is
// what everyone knows of its owner.
func CheckPassword(password string, personal ...string) error {
	switch {
	case len(password) > MaxPassword:
		return ErrPasswordLong
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return ErrPasswordText
	case utf8.RuneCountInString(password) < MinPassword:
		return ErrPasswordShort
	}
	lower := strings.ToLower(password)
	for _, s := range personal {
		s = strings.ToLower(s)
		local, _, _ := strings.Cut(s, "@")
		if s != "" && (lower == s || isDecorated(lower, s) || isDecorated(lower, local)) {
			return ErrPasswordPersonal
		}
	}
	if isCommon(lower) {
		return ErrPasswordCommon
	}
	return nil
}

// commonPasswords are about 7,000, in lower case. They are unpacked when they
// are asked for: most processes never set a password.
var commonPasswords = sync.OnceValue(func() map[string]struct{} {
	text, err := data.Asset("data/Passwords.json")
	if err != nil {
		panic(err) // it is compiled in
	}
	var file struct{ List []string }
	if err := json.Unmarshal(text, &file); err != nil {
		panic(err)
	}
	set := make(map[string]struct{}, len(file.List))
	for _, p := range file.List {
		set[p] = struct{}{}
	}
	return set
})

// isCommon reports whether a password in lower case is a common one, also one
// with a few digits or signs around it: guessing programs try those next.
func isCommon(lower string) bool {
	set := commonPasswords()
	if _, ok := set[lower]; ok {
		return true
	}
	core := strings.TrimFunc(lower, isDecoration)
	if _, ok := set[core]; ok && isDecorated(lower, core) {
		return true
	}
	first, _ := utf8.DecodeRuneInString(lower)
	return strings.Trim(lower, string(first)) == "" // one character, over and over
}

// isDecorated reports whether s is core with at most four digits or signs
// before and behind it.
func isDecorated(s, core string) bool {
	return core != "" && len(s)-len(core) <= 4 && strings.TrimFunc(s, isDecoration) == strings.TrimFunc(core, isDecoration) &&
		strings.Contains(s, core)
}

func isDecoration(r rune) bool { return !unicode.IsLetter(r) }
