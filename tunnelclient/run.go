// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
)

// run offers what the configuration names until it is told to stop.
func (a *app) run(cmd *cobra.Command, _ []string) error {
	if a.flags.config == "" {
		return usagef("nothing to do; give --config FILE or a command, see tunnelclient --help")
	}
	s, err := a.settings()
	if err != nil {
		return err
	}
	return a.host(cmd.Context(), s, "run", s.file.Services, func(ctx context.Context, h *hosted) error {
		return a.stay(ctx, h, s)
	})
}

// stay opens the connects and follows changes of the file.
func (a *app) stay(ctx context.Context, h *hosted, s *settings) error {
	forwards := newForwards(h, a.printForward)
	defer forwards.wait()
	for ready := h.Ready(); ; {
		select {
		case <-ctx.Done():
			h.log.Info("stopping; open connections may finish")
			return nil
		case <-ready:
			ready = nil // once
			h.noteName()
			forwards.set(ctx, s.file.Connects)
		case <-a.reload:
			next, err := a.reread(h, s)
			if err != nil {
				h.log.Error("the new configuration is not used; the old one stays", zap.Error(err))
				continue
			}
			s = next
			if ready == nil {
				forwards.set(ctx, s.file.Connects)
			}
		}
	}
}
