// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"context"
	"os/exec"

	"github.com/culvertd/culvert/bench/internal/daemon"
	"github.com/culvertd/culvert/bench/internal/harness"
)

// server is a running process under test.
type server struct {
	*daemon.Process
	target harness.Target
}

// launch starts a process and waits until it accepts connections.
func launch(ctx context.Context, work string, t harness.Target, cmd func(context.Context) *exec.Cmd) (*server, error) {
	p, err := daemon.Launch(ctx, work, t.Name, cmd)
	if err != nil {
		return nil, err
	}
	t.PID = p.PID
	if err := p.Listening(ctx, t.Addr); err != nil {
		p.Stop()
		return nil, err
	}
	return &server{Process: p, target: t}, nil
}
