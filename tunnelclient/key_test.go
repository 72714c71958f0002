// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

const otherKey = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

type shownKey struct{ Fingerprint, PublicKey, File, Replaced string }

func (b *bench) show(t *testing.T, args ...string) (k shownKey) {
	t.Helper()
	code, stdout, stderr := b.run(t, append([]string{"key", "show", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(stdout), &k); code != 0 || err != nil {
		t.Fatalf("%d: %v: %s%s", code, err, stdout, stderr)
	}
	return k
}

func TestKeyShow(t *testing.T) {
	b := newBench(t)
	k := b.show(t)
	file := filepath.Join(b.dir, "home", "key")
	kept, err := identity.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := (shownKey{kept.String(), kept.Public().String(), file, ""}); k != want || b.show(t) != want {
		t.Errorf("got %+v, want %+v", k, want)
	}
	if _, stdout, _ := b.run(t, "key", "show"); !strings.Contains(stdout, "fingerprint:  "+k.Fingerprint+"\n") || !strings.Contains(stdout, file) {
		t.Errorf("%s", stdout)
	}
	config := b.file(t, "c.yaml", "keyFile: other")
	if o := b.show(t, "--config", config); o.Fingerprint == k.Fingerprint || o.File != filepath.Join(b.dir, "other") {
		t.Errorf("the key of keyFile: %+v", o)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := b.run(t, "key", "show"); code != 2 || !strings.Contains(stderr, "chmod 600 "+file) {
		t.Errorf("%d: %s", code, stderr)
	}
}

func TestKeyRotate(t *testing.T) {
	b := newBench(t)
	if code, _, stderr := b.run(t, "key", "rotate", "--yes"); code != 2 || !strings.Contains(stderr, "no key") {
		t.Errorf("%d: %s", code, stderr)
	}
	old := b.show(t)
	for answer, says := range map[string]string{"": "--yes", "n\n": "nothing was changed", "\n": "nothing was changed"} {
		b.stdin = answer
		if code, _, stderr := b.run(t, "key", "rotate"); code != 2 || !strings.Contains(stderr, says) || !strings.Contains(stderr, old.Fingerprint) {
			t.Errorf("%q: %d: %s", answer, code, stderr)
		}
	}
	if b.show(t) != old {
		t.Fatal("the key was replaced without consent")
	}
	b.stdin = "y\n"
	if code, stdout, stderr := b.run(t, "key", "rotate"); code != 0 || !strings.Contains(stdout, "replaced:     "+old.Fingerprint) {
		t.Fatalf("%d: %s%s", code, stdout, stderr)
	}
	next := b.show(t)
	if next.Fingerprint == old.Fingerprint || next.Replaced != old.Fingerprint {
		t.Errorf("after the rotation: %+v", next)
	}
	b.stdin = ""
	if code, _, _ := b.run(t, "key", "rotate", "--yes"); code != 0 || b.show(t).Replaced != next.Fingerprint {
		t.Error("--yes asks, or does nothing")
	}
}

func TestKnownKeys(t *testing.T) {
	b := newBench(t)
	known := identity.OpenKnown(filepath.Join(b.dir, "home", "known_keys"))
	if code, stdout, _ := b.run(t, "key", "known", "--json"); code != 0 || stdout != "[]\n" {
		t.Errorf("%d: %s", code, stdout)
	}
	one, two := wire.PublicKey{1}, wire.PublicKey{2}
	for _, k := range []identity.KnownKey{
		{Server: "wss://a.example:443", Client: "nas", Key: one},
		{Server: "wss://b.example:443", Client: "nas", Key: two},
		{Server: "wss://b.example:443", Client: "alice/pi", Key: two},
	} {
		if _, err := known.Check(k.Server, k.Client, k.Key); err != nil {
			t.Fatal(err)
		}
	}
	if _, stdout, _ := b.run(t, "key", "known"); !strings.Contains(stdout, "alice/pi  wss://b.example:443  "+two.Fingerprint()) {
		t.Errorf("%s", stdout)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"nas"}, 2, "choose one with --server"},
		{[]string{"nas", "--server", "https://A.example/tunnel"}, 0, one.Fingerprint()},
		{[]string{"nas", "--server", "wss://a.example"}, 2, "no key of nas is known"},
		{[]string{"nas"}, 0, two.Fingerprint()},
		{[]string{"alice/pi", "--json"}, 0, `"fingerprint": "` + two.Fingerprint() + `"`},
		{[]string{"alice/pi"}, 2, "no key of alice/pi is known"},
		{[]string{"a b"}, 2, "is not a name"},
		{nil, 2, "accepts 1 arg"},
	} {
		code, stdout, stderr := b.run(t, append([]string{"key", "forget"}, c.args...)...)
		if code != c.code || !strings.Contains(stdout+stderr, c.says) {
			t.Errorf("forget %q: %d: %s%s", c.args, code, stdout, stderr)
		}
	}
	if list, err := known.List(); err != nil || len(list) != 0 {
		t.Errorf("still known: %v, %v", list, err)
	}
	b.file(t, "home/known_keys", "what is this\n")
	for _, args := range [][]string{{"key", "known"}, {"key", "forget", "nas"}} {
		if code, _, stderr := b.run(t, args...); code != 2 || !strings.Contains(stderr, "known_keys:1: ") {
			t.Errorf("%q: %d: %s", args, code, stderr)
		}
	}
}

// TestKeyOfTheEngine: what signs in has the user's key and the window of the
// file; verify makes no key.
func TestKeyOfTheEngine(t *testing.T) {
	b := newBench(t).signedIn()
	config := b.file(t, "c.yaml", "keyFile: mine\nresumeWindow: 1h")
	if code, _, stderr := b.run(t, "verify", "--config", config); code != 0 {
		t.Fatalf("%d: %s", code, stderr)
	}
	mine := filepath.Join(b.dir, "mine")
	if _, err := os.Stat(mine); !errors.Is(err, fs.ErrNotExist) {
		t.Error("verify has made a key")
	}
	if code, _, stderr := b.run(t, "list", "--config", config); code != 0 {
		t.Fatalf("%d: %s", code, stderr)
	}
	cfg := b.engine(t, 0).cfg
	if cfg.Key.String() != b.show(t, "--config", config).Fingerprint || cfg.Known == nil || cfg.Window != time.Hour {
		t.Errorf("the engine has the key %v and the window %v", cfg.Key, cfg.Window)
	}
	if err := os.Chmod(mine, 0o640); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"verify", "list"} {
		if code, _, stderr := b.run(t, command, "--config", config); code != 2 || !strings.Contains(stderr, "chmod 600") {
			t.Errorf("%s: %d: %s", command, code, stderr)
		}
	}
}

func TestReloadNoticesAnotherKey(t *testing.T) {
	b := newBench(t).signedIn()
	config := b.file(t, "c.yaml", "clientId: a")
	c := b.start(t, "--config", config)
	c.says(t, "online as a")
	if _, err := identity.Rotate(filepath.Join(b.dir, "home", "key")); err != nil {
		t.Fatal(err)
	}
	b.file(t, "c.yaml", "clientId: a\nresumeWindow: 5m")
	b.hup <- os.Interrupt
	c.says(t, `some changes need a restart	{"keys": ["resumeWindow", "keyFile"]}`)
}

func TestConnectWithKeys(t *testing.T) {
	second := "SHA256:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for name, c := range map[string]struct {
		args []string
		code int
		says string
		want []tunnel.ForwardSpec
	}{
		"one key": {
			[]string{"a/x:0", "--peer-key", otherKey},
			0, "",
			[]tunnel.ForwardSpec{{Target: "a", Service: "x", Local: "0", PeerKey: otherKey}},
		},
		"one key for one target": {
			[]string{"a/x:0", "a/y:0", "--peer-key", otherKey},
			0, "",
			[]tunnel.ForwardSpec{
				{Target: "a", Service: "x", Local: "0", PeerKey: otherKey}, {Target: "a", Service: "y", Local: "0", PeerKey: otherKey},
			},
		},
		"a key for each": {
			[]string{"--target", "a", "--service", "x", "--local", "0", "b/y:0", "--peer-key", otherKey, "--peer-key", second},
			0, "",
			[]tunnel.ForwardSpec{
				{Target: "a", Service: "x", Local: "0", PeerKey: otherKey}, {Target: "b", Service: "y", Local: "0", PeerKey: second},
			},
		},
		"one key for two targets": {[]string{"a/x:0", "b/y:0", "--peer-key", otherKey}, 2, "--peer-key is there 1 times for 2", nil},
		"too many keys":           {[]string{"a/x:0", "--peer-key", otherKey, "--peer-key", second}, 2, "--peer-key is there 2 times for 1", nil},
		"no key":                  {[]string{"a/x:0", "--peer-key", "AAAA"}, 2, `--peer-key: "AAAA" is not a fingerprint`, nil},
		"empty key":               {[]string{"a/x:0", "--peer-key", ""}, 2, `--peer-key: "" is not a fingerprint`, nil},
		"bare": {
			[]string{"a/x:0", "--encryption", "none"},
			0, "",
			[]tunnel.ForwardSpec{{Target: "a", Service: "x", Local: "0", Encryption: wire.EncryptionNone}},
		},
		"something else": {[]string{"a/x:0", "--encryption", "rot13"}, 2, `--encryption: "rot13" is not none`, nil},
		"both":           {[]string{"a/x:0", "--encryption", "none", "--peer-key", otherKey}, 2, "no key can be checked", nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t).signedIn()
			cmd := b.start(t, append([]string{"connect"}, c.args...)...)
			if c.code != 0 {
				if code := cmd.wait(t); code != c.code || !strings.Contains(cmd.stderr.String(), c.says) {
					t.Errorf("%d: %s", code, &cmd.stderr)
				}
				return
			}
			for _, spec := range c.want {
				cmd.prints(t, "→ "+spec.Target+"/"+spec.Service)
			}
			f := b.engine(t, 0)
			f.mu.Lock()
			for _, spec := range c.want {
				if f.open[spec] == nil {
					t.Errorf("%+v is not open, but %v", spec, f.open)
				}
			}
			f.mu.Unlock()
			cmd.cancel()
			cmd.wait(t)
		})
	}
}
