// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
)

// childVar makes the test's binary a tunnelclient with a fake engine. Its value
// says how that ends: "drains", or "hangs" until a second signal.
const childVar = "CULVERT_TEST_CHILD"

func TestMain(m *testing.M) {
	if how := os.Getenv(childVar); how != "" {
		os.Exit(child(how))
	}
	os.Exit(m.Run())
}

// hanging is an engine whose drain never ends.
type hanging struct{ *fake }

func (h hanging) Run(ctx context.Context) error {
	_ = h.fake.Run(ctx)
	select {}
}

func child(how string) int {
	ctx, stop := onSignal(context.Background(), func() { os.Exit(exitInternal) })
	defer stop()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	a := &app{getenv: os.Getenv, stdout: os.Stdout, stderr: os.Stderr, reload: hup, engine: func(cfg tunnel.Config) engine {
		if how == "hangs" {
			return hanging{newFake(cfg)}
		}
		return newFake(cfg)
	}}
	return a.main(ctx, os.Args[1:])
}

// process is a tunnelclient of its own.
type process struct {
	command
	cmd *exec.Cmd
}

func (b *bench) spawn(t *testing.T, how string, args ...string) *process {
	t.Helper()
	p := &process{command: command{code: make(chan int, 1)}}
	p.cmd = exec.Command(os.Args[0], args...)
	p.cmd.Env = append(os.Environ(), childVar+"="+how)
	for k, v := range b.env {
		p.cmd.Env = append(p.cmd.Env, k+"="+v)
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = p.cmd.Wait()
		p.code <- p.cmd.ProcessState.ExitCode()
	}()
	t.Cleanup(func() {
		if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		<-ended
	})
	return p
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// TestProcesses: commands of other processes go through the one that is signed
// in; when it is killed, the one that waits signs in at the same port.
func TestProcesses(t *testing.T) {
	b := newBench(t)
	path := b.configured(t, "")
	host := b.spawn(t, "drains", "--config", path)
	host.says(t, "online as client-a")

	list := b.spawn(t, "drains", "list", "--config", path)
	if code := list.wait(t); code != 0 || !strings.Contains(list.stdout.String(), "of-process-"+strconv.Itoa(host.cmd.Process.Pid)) {
		t.Errorf("list: %d, %s%s", code, &list.stdout, &list.stderr)
	}
	connect := b.spawn(t, "drains", "connect", "x/s:0", "--config", path)
	connect.prints(t, "x/s")
	at := strings.TrimPrefix(strings.Fields(connect.stdout.String())[0], "http://")
	if got := greeting(at); got != "x" {
		t.Errorf("got %q", got)
	}
	host.signal(t, syscall.SIGKILL)
	connect.says(t, "connected again")
	if got := greeting(at); got != "x" {
		t.Errorf("after the kill: got %q", got)
	}
	status := b.spawn(t, "drains", "status", "--config", path)
	if code := status.wait(t); code != 0 || !strings.Contains(status.stdout.String(), strconv.Itoa(connect.cmd.Process.Pid)+" (connect") {
		t.Errorf("status: %d, %s%s", code, &status.stdout, &status.stderr)
	}
	connect.signal(t, syscall.SIGTERM)
	if code := connect.wait(t); code != 0 {
		t.Errorf("connect: %d, %s", code, &connect.stderr)
	}
}

// TestKilledConnectIsForgotten: its forwards are closed though it said nothing.
func TestKilledConnectIsForgotten(t *testing.T) {
	b := newBench(t)
	path := b.configured(t, "")
	host := b.start(t, "--config", path)
	host.says(t, "online as client-a")
	connect := b.spawn(t, "drains", "connect", "x/s:0", "--config", path)
	connect.prints(t, "x/s")
	connect.signal(t, syscall.SIGKILL)
	until(t, "the forward's end", func() bool { return len(b.engine(t, 0).opened()) == 0 })
}

func TestSignals(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		b := newBench(t)
		p := b.spawn(t, "drains", "--config", b.configured(t, ""))
		p.says(t, "online as client-a")
		p.signal(t, syscall.SIGHUP)
		p.says(t, "read the configuration again")
		p.signal(t, s)
		if code := p.wait(t); code != 0 {
			t.Errorf("%v: exit code %d, %s", s, code, &p.stderr)
		}
	}
}

func TestSecondSignal(t *testing.T) {
	b := newBench(t)
	p := b.spawn(t, "hangs", "--config", b.configured(t, ""))
	p.says(t, "online as client-a")
	p.signal(t, syscall.SIGTERM)
	p.says(t, "stopping")
	time.Sleep(50 * time.Millisecond)
	select {
	case code := <-p.code:
		t.Fatalf("ended with %d before its drain did: %s", code, &p.stderr)
	default:
	}
	p.signal(t, syscall.SIGTERM)
	if code := p.wait(t); code != exitInternal {
		t.Errorf("exit code %d", code)
	}
}
