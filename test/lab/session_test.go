// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/test/process"
)

// TestSSHSessionSurvives: somebody types numbered lines over ssh while
// everything happens to the way; the far shell repeats each one, and the
// transcript has them all, once and in order.
func TestSSHSessionSurvives(t *testing.T) {
	need(t, "sshd", "ssh")
	seed := seedOf(t)
	o := &ordeal{
		pairs: newPairs(t, 1, nil, quickHeartbeats), t: t, random: rand.New(rand.NewPCG(seed, 2)),
		dark: make(map[*pair]hole), holes: make(map[*pair]int),
	}
	p := o.all[0]
	a := &apps{network: o.network, dir: t.TempDir()}
	a.startSSH(t, p.provider.ns)
	p.clients(t, o.gw, process.Service{ID: "ssh", Protocol: "tcp", LocalPort: sshPort})
	needStreams(t, p.road)
	s := a.startSession(t, p.visitor.ns)
	faults := o.singleFaults(p)
	for _, i := range o.random.Perm(len(faults)) {
		s.hears(t, "before: "+faults[i].name)
		before := time.Now()
		faults[i].deal()
		back := time.Now()
		s.hears(t, "after: "+faults[i].name)
		t.Logf("%s: took %v, and the next line was back after %v", faults[i].name,
			back.Sub(before).Round(time.Millisecond), time.Since(back).Round(time.Millisecond))
	}
	s.end(t)
}

// singleFault leaves the way restored, except that a closed port is open again
// only after the session has found another way.
type singleFault struct {
	name string
	deal func()
}

func (o *ordeal) singleFaults(p *pair) []singleFault {
	t := o.t
	away := func() {
		time.Sleep(time.Duration(o.random.Int64N(int64(3 * time.Second))))
		o.gw.Start(t)
	}
	all := []singleFault{
		{killed, func() { o.gw.Kill(); away() }},
		{stopped, func() {
			o.gw.Signal(t, syscall.SIGTERM)
			o.gw.Wait(t, 20*time.Second)
			away()
		}},
		{reloaded, func() { o.gw.Reload(t) }},
	}
	for _, at := range []*place{p.visitor, p.provider} {
		all = append(all,
			singleFault{reset + " at " + at.ns, func() { at.reset(t) }},
			singleFault{moved + " at " + at.ns, func() { at.moves(t) }},
			singleFault{renumbered + " at " + at.ns, func() { at.renumbered(t) }},
			singleFault{blackHole + " at " + at.ns, func() {
				unblock := o.block(t, at.nat, "drop")
				time.Sleep(darkness)
				unblock()
			}},
			singleFault{portClosed + " at " + at.ns, func() {
				unblock := o.block(t, at.nat, fmt.Sprintf("tcp dport %d drop", relayPort))
				time.Sleep(8 * time.Second)
				unblock()
			}})
	}
	return all
}

// session is an ssh that somebody types into, a line every 50 ms.
type session struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	out    process.Buffer
	said   process.Buffer
	typing sync.WaitGroup
	stop   chan struct{}

	mu     sync.Mutex
	typed  int
	broken error
}

func (a *apps) startSession(t *testing.T, ns string) *session {
	t.Helper()
	s := &session{stop: make(chan struct{})}
	argv := append(in(ns, "ssh", "-p", fmt.Sprint(sshPort)), a.sshOptions()...)
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
		s.mu.Lock()
		s.typed++
		_, s.broken = fmt.Fprintf(s.stdin, "line %d\n", s.typed)
		broken := s.broken != nil
		s.mu.Unlock()
		if broken {
			return
		}
	}
}

func (s *session) count() (typed int, broken error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.typed, s.broken
}

// hears waits until a line that is typed from now on has come back.
func (s *session) hears(t *testing.T, when string) {
	t.Helper()
	typed, _ := s.count()
	process.Until(t, 40*time.Second, func() bool {
		if _, broken := s.count(); broken != nil {
			t.Fatalf("%s: the session has ended: %v; ssh says %q", when, broken, s.said.String())
		}
		return strings.Count(s.out.String(), "\n") > typed
	}, "line %d comes back (%s)", typed+1, when)
}

// end stops typing and compares the transcript.
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
	t.Logf("%d lines were typed, and all came back", s.typed)
}
