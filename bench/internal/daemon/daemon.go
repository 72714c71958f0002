// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package daemon starts the processes under test and ends them.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Process is one that runs.
type Process struct {
	Name string
	PID  int

	log    string // file
	cancel context.CancelFunc
	exited chan error // holds one value once the process has gone
}

// Launch starts a process. What it prints goes to a file of the work folder.
func Launch(ctx context.Context, work, name string, cmd func(context.Context) *exec.Cmd) (*Process, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := cmd(ctx)
	log, err := os.Create(filepath.Join(work, name+".log"))
	if err != nil {
		cancel()
		return nil, fmt.Errorf("creating a log: %w", err)
	}
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 15 * time.Second
	if err := c.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &Process{Name: name, PID: c.Process.Pid, log: log.Name(), cancel: cancel, exited: make(chan error, 1)}
	go func() { p.exited <- c.Wait() }()
	return p, nil
}

// Listening waits until the process accepts connections at addr.
func (p *Process) Listening(ctx context.Context, addr string) error {
	var d net.Dialer
	return p.Until(ctx, func() error {
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// Until waits until f has no error, for 20 seconds at most.
func (p *Process) Until(ctx context.Context, f func() error) error {
	err := errors.New("not tried")
	for range 200 {
		if err = f(); err == nil {
			return nil
		}
		select {
		case err := <-p.exited:
			p.exited <- err
			return fmt.Errorf("%s ended before it was ready: %w\n%s", p.Name, err, p.LastWords())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s is not ready after 20 s: %w\n%s", p.Name, err, p.LastWords())
}

// LastWords is the end of what the process printed.
func (p *Process) LastWords() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

// Gone tells whether the process has ended by itself.
func (p *Process) Gone() bool { return len(p.exited) > 0 }

// Stop ends the process and waits until it has gone.
func (p *Process) Stop() {
	p.cancel()
	p.exited <- <-p.exited // Stop may come again
}
