// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package store

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestWriter is the process that TestPowerCut kills: it says what has been
// acknowledged.
func TestWriter(t *testing.T) {
	if os.Getenv(writerEnv) == "" {
		t.Skip("runs in a process of TestPowerCut")
	}
	s := openStore(t, "culvert.db") // in the folder where it is started
	ctx := t.Context()
	for i := 1; ; i++ {
		u, err := s.CreateUser(ctx, User{Name: fmt.Sprint("user", i), Email: fmt.Sprint(i, "@example.com")})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("user %d\n", u.ID)
		invites, err := s.CreateInvites(ctx, []Invite{{Hash: hashOf("invite", i)}, {Hash: hashOf("revoked", i)}})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("invite %d\n", invites[0].ID)
		if err := s.RevokeInvite(ctx, invites[1].ID, t0); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("revoked %d\n", invites[1].ID)
	}
}

// TestPowerCut looks at copies of the files of a process that writes, each of
// one moment, and at what is left when it is killed: all that it had
// acknowledged before must be there.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "culvert.db")
	w := startWriter(t, dir)
	for i := range 8 {
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
		acked := w.acked()
		folder := t.TempDir()
		w.stopped(t, func() { copyDatabase(t, path, filepath.Join(folder, "culvert.db")) })
		checkAcked(t, fmt.Sprint("copy ", i), filepath.Join(folder, "culvert.db"), acked)
	}
	w.kill()
	acked := w.acked()
	if len(acked) < 30 {
		t.Errorf("only %d changes were made", len(acked))
	}
	checkAcked(t, "killed", path, acked)
}

type writer struct {
	cmd  *exec.Cmd
	mu   sync.Mutex
	said []string // guarded by mu
	done chan struct{}
}

func startWriter(t *testing.T, dir string) *writer {
	w := &writer{cmd: exec.Command(os.Args[0], "-test.run=^TestWriter$"), done: make(chan struct{})}
	w.cmd.Env = append(os.Environ(), writerEnv+"=1")
	w.cmd.Dir = dir
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go w.read(out)
	t.Cleanup(w.kill)
	for len(w.acked()) == 0 {
		select {
		case <-w.done:
			t.Fatal("the writer has ended")
		case <-time.After(10 * time.Millisecond):
		}
	}
	return w
}

func (w *writer) read(out io.Reader) {
	defer close(w.done)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		w.mu.Lock()
		w.said = append(w.said, lines.Text())
		w.mu.Unlock()
	}
}

func (w *writer) acked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clip(w.said)
}

// stopped runs f while the process stands still.
func (w *writer) stopped(t *testing.T, f func()) {
	t.Helper()
	if err := w.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	for !status.Stopped() {
		if _, err := syscall.Wait4(w.cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil {
			t.Fatal(err)
		}
	}
	f()
	if err := w.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

func (w *writer) kill() {
	_ = w.cmd.Process.Kill()
	<-w.done
	_ = w.cmd.Wait()
}

func copyDatabase(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(from + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func checkAcked(t *testing.T, what, path string, acked []string) {
	t.Helper()
	s := openStore(t, path)
	var ok string
	if err := s.readers.QueryRow(`PRAGMA integrity_check`).Scan(&ok); err != nil || ok != "ok" {
		t.Fatalf("%s: %s, %v", what, ok, err)
	}
	for _, line := range acked {
		var id int64
		kind, number, _ := strings.Cut(line, " ")
		if _, err := fmt.Sscan(number, &id); err != nil {
			continue // a line of the test framework
		}
		var err error
		var i Invite
		switch kind {
		case "user":
			_, err = s.User(t.Context(), id)
		case "invite", "revoked":
			i, err = s.Invite(t.Context(), id)
		}
		if err != nil || i.RevokedAt.IsZero() == (kind == "revoked") {
			t.Errorf("%s: %s is lost: %+v, %v", what, line, i, err)
		}
	}
}
