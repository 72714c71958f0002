// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Process is a program that runs until it ends, or the test.
type Process struct {
	Stdout, Stderr *Buffer
	Done           <-chan struct{} // closed when it has ended

	name string
	cmd  *exec.Cmd
}

// Start runs a program. It is killed at the end of the test, and what it has
// said is shown if the test failed.
func Start(t testing.TB, env, argv []string) *Process {
	t.Helper()
	done := make(chan struct{})
	p := &Process{
		Stdout: new(Buffer), Stderr: new(Buffer), Done: done,
		name: strings.Join(argv, " "), cmd: exec.Command(argv[0], argv[1:]...),
	}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, p.Stdout, p.Stderr
	// A test binary that dies without cleaning up takes its programs along.
	p.cmd.SysProcAttr = parented()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(done)
		_ = p.cmd.Wait() // the exit code says it
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s said:\n%s%s", p.name, tail(p.Stdout), tail(p.Stderr))
		}
	})
	return p
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill ends the program without a chance to do anything, and waits for that.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.Done
}

// Signal sends a signal.
func (p *Process) Signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// Wait waits for the end of the program and returns its exit code.
func (p *Process) Wait(t testing.TB, timeout time.Duration) int {
	t.Helper()
	select {
	case <-p.Done:
	case <-time.After(timeout):
		t.Fatalf("%s has not ended within %v", p.name, timeout)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Says waits until the program has written text, to either output.
func (p *Process) Says(t testing.TB, text string, timeout time.Duration) {
	t.Helper()
	Until(t, timeout, func() bool {
		if strings.Contains(p.Stdout.String(), text) || strings.Contains(p.Stderr.String(), text) {
			return true
		}
		select {
		case <-p.Done:
			t.Fatalf("%s has ended and has not said %q", p.name, text)
		default:
		}
		return false
	}, "%s says %q", p.name, text)
}

// Until asks again and again until ok says so.
func Until(t testing.TB, timeout time.Duration, ok func() bool, what string, args ...any) {
	t.Helper()
	for end := time.Now().Add(timeout); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: "+what, append([]any{timeout}, args...)...)
		}
	}
}

// tail keeps the log of a failed test readable.
func tail(b *Buffer) string {
	const most = 16 << 10
	if s := b.String(); len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return b.String()
}
