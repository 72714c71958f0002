// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// server is a running process under test.
type server struct {
	target harness.Target
	log    string // file
	cancel context.CancelFunc
	exited chan error // holds one value once the process has gone
}

// launch starts a process and waits until it accepts connections. What it
// prints goes to a file, whose end is shown when it does not come up.
func launch(ctx context.Context, work string, t harness.Target, cmd func(context.Context) *exec.Cmd) (*server, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := cmd(ctx)
	log, err := os.Create(filepath.Join(work, t.Name+".log"))
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
		return nil, fmt.Errorf("starting %s: %w", t.Name, err)
	}
	t.PID = c.Process.Pid
	s := &server{target: t, log: log.Name(), cancel: cancel, exited: make(chan error, 1)}
	go func() { s.exited <- c.Wait() }()
	if err := s.ready(ctx); err != nil {
		s.stop()
		return nil, fmt.Errorf("%s: %w\n%s", t.Name, err, s.lastWords())
	}
	return s, nil
}

// lastWords is the end of what the process printed.
func (s *server) lastWords() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

// gone tells whether the process has ended by itself.
func (s *server) gone() bool { return len(s.exited) > 0 }

func (s *server) ready(ctx context.Context) error {
	var d net.Dialer
	for range 200 {
		conn, err := d.DialContext(ctx, "tcp", s.target.Addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case err := <-s.exited:
			s.exited <- err
			return fmt.Errorf("ended before it listened: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("does not listen after 20 s")
}

// stop ends the process and waits until it has gone.
func (s *server) stop() {
	s.cancel()
	s.exited <- <-s.exited // stop may come again
}

// ports finds n free ports below the range that outgoing connections use, so
// that no client of a run takes them.
func ports(n int) (free []string, err error) {
	const first, last = 17100, 17999
	for p := first; p <= last && len(free) < n; p++ {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(p))
		if err != nil {
			continue
		}
		defer l.Close()
		free = append(free, strconv.Itoa(p))
	}
	if len(free) < n {
		return nil, fmt.Errorf("fewer than %d free ports between %d and %d", n, first, last)
	}
	return free, nil
}
