// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/culvertd/culvert/test/process"
)

// session is an ssh that somebody types numbered lines into, one every 50 ms.
// The far shell repeats each.
type session struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	out    process.Buffer
	said   process.Buffer
	typing sync.WaitGroup
	stop   chan struct{}
	typed  int // the typing goroutine's
	broken atomic.Pointer[error]
}

// startSession runs ssh at a visitor that has the service at this port.
func (a *apps) startSession(t *testing.T, ns string, port int) *session {
	t.Helper()
	s := &session{stop: make(chan struct{})}
	argv := append(in(ns, "ssh", "-p", fmt.Sprint(port)), a.sshOptions()...)
	argv = append(argv, "-o", fmt.Sprintf("HostKeyAlias=[127.0.0.1]:%d", sshPort))
	argv = append(argv, "root@127.0.0.1", `while read -r line; do echo "heard $line"; done; echo bye`)
	s.cmd = exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.said
	var err error
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.typing.Go(s.typeLines)
	return s
}

func (s *session) typeLines() {
	for {
		select {
		case <-s.stop:
			return
		case <-time.After(50 * time.Millisecond):
		}
		s.typed++
		if _, err := fmt.Fprintf(s.stdin, "line %d\n", s.typed); err != nil {
			s.broken.Store(&err)
			return
		}
	}
}

// stillOpen fails the test at once if the session has ended.
func (s *session) stillOpen(t *testing.T, when string) {
	t.Helper()
	if err := s.broken.Load(); err != nil {
		t.Fatalf("the session over ssh has ended after %s: %v; ssh says %q", when, *err, s.said.String())
	}
}

// end stops typing and checks that the transcript has all lines, once and in
// their order.
func (s *session) end(t *testing.T) {
	t.Helper()
	close(s.stop)
	s.typing.Wait()
	_ = s.stdin.Close()
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("ssh ends with %v: %s", err, s.said.String())
	}
	var want strings.Builder
	for i := range s.typed {
		fmt.Fprintf(&want, "heard line %d\n", i+1)
	}
	want.WriteString("bye\n")
	if got := s.out.String(); got != want.String() {
		t.Errorf("of %d lines the transcript is\n%s", s.typed, got)
	}
	t.Logf("%d lines were typed over ssh", s.typed)
}
