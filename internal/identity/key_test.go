// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/culvertd/culvert/internal/wire"
)

func TestKeyIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "key")
	if _, err := Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("loading what is not there: %v", err)
	}
	first := must(LoadOrCreate(path))
	again := must(LoadOrCreate(path))
	if first.Public() != again.Public() || must(Load(path)).Public() != first.Public() {
		t.Fatal("the key changed between two starts")
	}
	if first.Public() == must(New()).Public() {
		t.Fatal("two keys are alike")
	}
	if first.Rotation() != nil {
		t.Error("a first key has a rotation")
	}
	if info := must(os.Stat(path)); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %04o", info.Mode().Perm())
	}
	if runtime.GOOS != "windows" && must(os.Stat(filepath.Dir(path))).Mode().Perm() != 0o700 {
		t.Error("the folder is open to others")
	}
	onlyFiles(t, filepath.Dir(path), "key", "key.lock")
}

func TestKeyIsTheSameForAllWhoStartAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	keys := make([]wire.PublicKey, 16)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			if k, err := LoadOrCreate(path); err != nil {
				t.Error(err)
			} else {
				keys[i] = k.Public()
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		if k != keys[0] || k != must(Load(path)).Public() {
			t.Fatal("one of them has a key of its own")
		}
	}
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if _, err := Rotate(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("rotating what is not there: %v", err)
	}
	old := must(LoadOrCreate(path))
	next := must(Rotate(path))
	kept := must(Load(path))
	if next.Public() == old.Public() || kept.Public() != next.Public() {
		t.Fatal("the new key is not the one in the file")
	}
	if !kept.Rotation().Leads(old.Public(), next.Public()) {
		t.Error("the rotation in the file does not lead from the old key to the new one")
	}
	third := must(Rotate(path))
	if third.Rotation().Leads(old.Public(), third.Public()) || !third.Rotation().Leads(next.Public(), third.Public()) {
		t.Error("a rotation leads from another key than the last")
	}
	onlyFiles(t, filepath.Dir(path), "key", "key.lock")
}

func TestRotationKeepsALink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	old := must(LoadOrCreate(real))
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	next := must(Rotate(link))
	if next.Public() == old.Public() || must(Load(real)).Public() != next.Public() {
		t.Error("the link was replaced, not what it leads to")
	}
}

func TestFailedWriteLeavesTheOldKey(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 && !canBeRefused(t) {
		t.Skip("nothing keeps this user from writing")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	old := must(LoadOrCreate(path))
	must(0, os.Chmod(dir, 0o500))
	defer os.Chmod(dir, 0o700)
	if _, err := Rotate(path); err == nil {
		t.Fatal("the key was replaced in a folder that cannot be written")
	}
	if must(Load(path)).Public() != old.Public() {
		t.Error("the old key is gone")
	}
}

func canBeRefused(t *testing.T) bool {
	dir := t.TempDir()
	must(0, os.Chmod(dir, 0o500))
	return os.WriteFile(filepath.Join(dir, "f"), nil, 0o600) != nil
}

// An interrupted write is one of another name that nobody reads.
func TestUnfinishedWriteIsNotRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	key := must(LoadOrCreate(path))
	if err := os.WriteFile(filepath.Join(dir, ".new-half"), []byte("-----BEGIN PRIV"), 0o600); err != nil {
		t.Fatal(err)
	}
	if must(LoadOrCreate(path)).Public() != key.Public() {
		t.Error("the key changed")
	}
}

func TestKeyThatOthersCanRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing here")
	}
	path := filepath.Join(t.TempDir(), "key")
	must(LoadOrCreate(path))
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o644, 0o777} {
		must(0, os.Chmod(path, mode))
		for _, load := range []func(string) (*Key, error){Load, LoadOrCreate, Rotate} {
			_, err := load(path)
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%04o", mode)) ||
				!strings.Contains(err.Error(), "chmod 600 "+path) {
				t.Errorf("mode %04o: %v", mode, err)
			}
		}
	}
	must(0, os.Chmod(path, 0o400))
	must(Load(path))
}

func TestDamagedKeyFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	must(LoadOrCreate(path))
	first := must(os.ReadFile(path))
	must(Rotate(path))
	whole := must(os.ReadFile(path))
	rsaKey := must(x509.MarshalPKCS8PrivateKey(must(rsa.GenerateKey(rand.Reader, 2048))))
	block := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	second := bytes.Index(whole, []byte("-----BEGIN CULVERT"))
	for name, c := range map[string]struct{ text, says string }{
		"empty":            {"", "line 1"},
		"cut":              {string(first[:len(first)-10]), "line 1"},
		"another block":    {block("CERTIFICATE", []byte("x")), "line 1"},
		"no key in it":     {block(pemKey, []byte("x")), "line 1"},
		"another kind":     {block(pemKey, rsaKey), "Ed25519"},
		"more after it":    {string(first) + "hello\n", "line 4"},
		"cut rotation":     {string(whole[:len(whole)-10]), "line 4"},
		"another rotation": {string(first) + string(whole[second:]), "line 4"},
		"short rotation":   {string(first) + block(pemRotation, []byte("x")), "line 4"},
	} {
		must(0, os.WriteFile(path, []byte(c.text), 0o600))
		_, err := LoadOrCreate(path)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) ||
			!strings.Contains(err.Error(), "backup") {
			t.Errorf("%s: %v", name, err)
		}
		if got := must(os.ReadFile(path)); string(got) != c.text {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestKeyPrintsAsFingerprint(t *testing.T) {
	k := must(New())
	print := k.Public().Fingerprint()
	secret := base64.StdEncoding.EncodeToString(k.private.Seed())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		for _, got := range []string{fmt.Sprintf(verb, k), fmt.Sprintf(verb, *k)} {
			if got != print || strings.Contains(got, secret) {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
	if k.String() != print || !strings.HasPrefix(print, "SHA256:") {
		t.Errorf("fingerprint %q", k.String())
	}
}

func onlyFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	var got []string
	for _, e := range must(os.ReadDir(dir)) {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the folder has %v, not %v", got, want)
	}
}

// must is for what fails only if the test itself is wrong.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
