// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/culvertd/culvert/bench/internal/cases"
	"github.com/culvertd/culvert/bench/internal/harness"
	"github.com/culvertd/culvert/bench/internal/wsload"
)

// idle measures all servers at once, since most of the time is waiting: one
// connects after the other, then each settles. Each has a load process of its
// own, because the limit of descriptors is often 20,000.
func (r *run) idle(c cases.Case) error {
	type pending struct {
		server *server
		cmd    *exec.Cmd
		file   string
	}
	var waiting []pending
	defer func() {
		for _, p := range waiting {
			p.server.Stop()
		}
	}()
	for _, name := range c.Servers {
		if !r.start.has(name) {
			continue
		}
		s, err := r.start.up(r.ctx, name, c.TLS)
		if err != nil {
			return err
		}
		p := pending{server: s, file: filepath.Join(r.start.work, "idle-"+s.target.Name+".jsonl")}
		p.cmd = exec.CommandContext(r.ctx, r.start.self, "ws-idle", "-rounds", "1", "-json", p.file,
			"-receivers", strconv.Itoa(c.Idle.Receivers), "-settle", c.Idle.Settle.String(), "-target", s.target.String())
		waiting = append(waiting, p)
		out, err := p.cmd.StderrPipe()
		if err != nil {
			return err
		}
		if err := p.cmd.Start(); err != nil {
			return fmt.Errorf("starting the idle load: %w", err)
		}
		// Ends with the process, at the latest.
		for sc := bufio.NewScanner(out); sc.Scan() && sc.Text() != wsload.IdleConnected; {
			fmt.Fprintln(os.Stderr, sc.Text())
		}
	}
	for _, p := range waiting {
		// A failed load has written why, and the result holds it too.
		_ = p.cmd.Wait()
		b, err := os.ReadFile(p.file)
		if err != nil {
			return fmt.Errorf("reading the idle result: %w", err)
		}
		var x harness.Result
		if err := json.Unmarshal(b, &x); err != nil {
			return fmt.Errorf("reading the idle result: %w", err)
		}
		x.Case = c.Name
		if err := os.Remove(p.file); err != nil {
			return err
		}
		if err := r.store(x); err != nil {
			return err
		}
	}
	return nil
}
