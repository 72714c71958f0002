// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
)

func TestSecrets(t *testing.T) {
	for name, tc := range map[string]struct {
		make  func() string
		shape string
	}{
		"secret":    {func() string { return NewSecret("cva_") }, `^cva_[A-Za-z0-9_-]{43}$`},
		"code":      {NewCode, `^[A-Z2-7]{26}$`},
		"id":        {NewID, `^[a-z2-7]{10}$`},
		"user code": {NewUserCode, `^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$`},
	} {
		seen := make(map[string]bool)
		letters := make(map[rune]bool)
		for range 1000 {
			s := tc.make()
			if !regexp.MustCompile(tc.shape).MatchString(s) {
				t.Fatalf("%s %q is not %s", name, s, tc.shape)
			}
			if seen[s] {
				t.Fatalf("%s %q came twice", name, s)
			}
			seen[s] = true
			for _, r := range s {
				letters[r] = true
			}
		}
		if len(letters) < 20 {
			t.Errorf("%s has %d different characters only", name, len(letters))
		}
	}
	if HashSecret("a") == HashSecret("b") {
		t.Error("two secrets have one hash")
	}
}

func TestKeyFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	made := 0
	create := func() ([]byte, error) { made++; return bytes.Repeat([]byte{byte(made)}, 32), nil }
	load := func(name string) []byte {
		t.Helper()
		key, err := NewKeyFolder(dir).LoadOrCreate(t.Context(), name, create)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	a, b := load("a"), load("b")
	if bytes.Equal(a, b) || !bytes.Equal(a, load("a")) || made != 2 {
		t.Errorf("%x, %x, made %d", a, b, made)
	}
	if runtime.GOOS != "windows" {
		info, err := os.Stat(filepath.Join(dir, "a"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
		}
		if err := os.Chmod(filepath.Join(dir, "a"), 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := NewKeyFolder(dir).LoadOrCreate(t.Context(), "a", create); err == nil {
			t.Error("a key that others can read is taken")
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v is left (%v), want the two keys", entries, err)
	}
}

func TestKeyFolderFails(t *testing.T) {
	broken := errors.New("broken")
	k := NewKeyFolder(t.TempDir())
	if _, err := k.LoadOrCreate(context.Background(), "a", func() ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("err = %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewKeyFolder(file).LoadOrCreate(context.Background(), "a", func() ([]byte, error) { return []byte("k"), nil }); err == nil {
		t.Error("a file is taken for a folder")
	}
}
