// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/culvertd/culvert/internal/wire"
)

const server = "wss://example.com:443"

func TestKnownRemembersTheFirstKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "known_keys")
	known := OpenKnown(path)
	one, two := must(New()).Public(), must(New()).Public()
	if _, ok := known.Lookup(server, "nas"); ok {
		t.Fatal("a key is known before any was seen")
	}
	for i, wantFirst := range []bool{true, false} {
		if first, err := known.Check(server, "nas", one); err != nil || first != wantFirst {
			t.Fatalf("check %d: first %v, %v", i, first, err)
		}
	}
	for _, other := range []struct{ server, client string }{{server, "alice/nas"}, {"ws://localhost:80", "nas"}} {
		if first, err := OpenKnown(path).Check(other.server, other.client, two); err != nil || !first {
			t.Errorf("%v: first %v, %v", other, first, err)
		}
	}
	if key, ok := OpenKnown(path).Lookup(server, "nas"); !ok || key != one {
		t.Errorf("another process knows %v, %v", key, ok)
	}
	list := must(known.List())
	if len(list) != 3 || list[0] != (KnownKey{server, "nas", one}) || list[2].Server != "ws://localhost:80" {
		t.Errorf("the list is %v", list)
	}
	if info := must(os.Stat(path)); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %04o", info.Mode().Perm())
	}
}

func TestKnownRefusesAnotherKey(t *testing.T) {
	known := OpenKnown(filepath.Join(t.TempDir(), "known_keys"))
	one, two := must(New()).Public(), must(New()).Public()
	must(known.Check(server, "nas", one))
	first, err := known.Check(server, "nas", two)
	changed, ok := errors.AsType[*ChangedError](err)
	if first || !ok || *changed != (ChangedError{server, "nas", one, two}) {
		t.Fatalf("first %v, %v", first, err)
	}
	for _, want := range []string{
		one.Fingerprint(), two.Fingerprint(), "nas", server, "tunnelclient key show", "tunnelclient key forget nas",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	if key, _ := known.Lookup(server, "nas"); key != one {
		t.Error("the refused key is known now")
	}
	if was := must(known.Forget(server, "nas")); !was {
		t.Error("there was nothing to forget")
	}
	if was := must(known.Forget(server, "nas")); was {
		t.Error("it was forgotten twice")
	}
	if first := must(known.Check(server, "nas", two)); !first {
		t.Error("the new key is not accepted")
	}
}

func TestKnownKeepsWhatPeopleWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "known_keys")
	key := must(New()).Public()
	text := "# compared by telephone\r\n\n  " + server + "\tnas  " + key.String() + "\r\n#" + server + " x y"
	must(0, os.WriteFile(path, []byte(text), 0o600))
	known := OpenKnown(path)
	if got, ok := known.Lookup(server, "nas"); !ok || got != key {
		t.Fatal("a line with other spaces is not read")
	}
	must(known.Check(server, "pi", key))
	must(known.Forget(server, "nas"))
	want := "# compared by telephone\n\n#" + server + " x y\n" + server + " pi " + key.String() + "\n"
	if got := string(must(os.ReadFile(path))); got != want {
		t.Errorf("the file is now %q", got)
	}
}

func TestDamagedKnownKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "known_keys")
	key := must(New()).Public().String()
	for name, bad := range map[string]string{
		"a word missing":  server + " nas",
		"a word too many": server + " nas " + key + " x",
		"half a key":      server + " nas " + key[:20],
		"no name":         server + " -nas " + key,
		"twice":           server + " other " + key,
		"an odd byte":     "wss://ex\x01ample:443 nas " + key,
		"not UTF-8":       "wss://ex\xffample:443 nas " + key,
	} {
		text := "# mine\n" + server + " other " + key + "\n" + bad + "\n"
		must(0, os.WriteFile(path, []byte(text), 0o600))
		known := OpenKnown(path)
		_, err1 := known.Check(server, "new", must(New()).Public())
		_, err2 := known.Forget(server, "other")
		_, err3 := known.List()
		for _, err := range []error{err1, err2, err3} {
			if err == nil || !strings.Contains(err.Error(), path+":3: ") || !strings.Contains(err.Error(), "remove that line") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, ok := known.Lookup(server, "other"); ok {
			t.Errorf("%s: a key of a damaged file is believed", name)
		}
		if got := string(must(os.ReadFile(path))); got != text {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestKnownRefusesNamesThatWouldBeOtherLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "known_keys")
	known, key := OpenKnown(path), must(New()).Public()
	for _, n := range [][2]string{
		{"", "nas"}, {server, ""}, {server, "a b"}, {server, "a\nb"}, {"wss://a b", "nas"}, {"wss://a\u00a0b", "nas"}, {"wss://a\x7f", "nas"}, {"#x", "nas"}, {server, "a/b/c"},
	} {
		if _, err := known.Check(n[0], n[1], key); err == nil {
			t.Errorf("%q is accepted", n)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something was written")
	}
}

func TestKnownKeysThatOthersCanChange(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing here")
	}
	path := filepath.Join(t.TempDir(), "known_keys")
	known, key := OpenKnown(path), must(New()).Public()
	must(known.Check(server, "nas", key))
	must(0, os.Chmod(path, 0o644)) // others may read them
	must(known.Check(server, "nas", key))
	must(0, os.Chmod(path, 0o664))
	if _, err := known.Check(server, "nas", key); err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
		t.Errorf("a file that others can change: %v", err)
	}
}

// Goroutines of several processes add keys; all of them must be there, and of
// those who compete for one name only one may be first.
func TestKnownWithSeveralProcesses(t *testing.T) {
	const processes, goroutines, each = 4, 4, 5
	const marker = "CULVERT_TEST_KNOWN_KEYS"
	if os.Getenv(marker) != "" {
		addMany(t, "known_keys", goroutines, each)
		return
	}
	dir := t.TempDir()
	firsts := make([]int, processes)
	var wg sync.WaitGroup
	for i := range processes {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKnownWithSeveralProcesses$", "-test.v")
			cmd.Dir, cmd.Env = dir, append(os.Environ(), marker+"=1")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s", err, out)
			}
			firsts[i] = strings.Count(string(out), "first at shared")
		})
	}
	wg.Wait()
	if n := len(must(OpenKnown(filepath.Join(dir, "known_keys")).List())); n != processes*goroutines*each+1 {
		t.Errorf("%d keys are known, not %d", n, processes*goroutines*each+1)
	}
	total := 0
	for _, n := range firsts {
		total += n
	}
	if total != 1 {
		t.Errorf("%d were the first with one name", total)
	}
}

func addMany(t *testing.T, path string, goroutines, each int) {
	known := OpenKnown(path)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			k, err := New()
			if err != nil {
				t.Error(err)
				return
			}
			first, err := known.Check(server, "shared", k.Public())
			if first {
				fmt.Println("first at shared")
			} else if _, ok := errors.AsType[*ChangedError](err); !ok {
				t.Errorf("losing the name gives %v", err)
			}
			for i := range each {
				name := fmt.Sprintf("p%d-%d-%d", os.Getpid(), g, i)
				if first, err := known.Check(server, name, wire.PublicKey{byte(i)}); err != nil || !first {
					t.Errorf("%s: first %v, %v", name, first, err)
				}
			}
		})
	}
	wg.Wait()
}
