// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/test/model"
)

// TestModel runs the model of an endpoint against Caddy, which is reloaded all
// the time: with other limits, another route, and configs that fail.
func TestModel(t *testing.T) {
	s := newSite(t)
	s.culvert = "log_size 1MiB\nmax_message_size 64KiB"
	s.start(t)
	url := s.create(t, control.Settings{}).URL
	id := hub.ID(url[strings.LastIndexByte(url, '/')+1:])
	core := app(t).Core()
	pushes := core.Pushes()
	model.Run(t, model.World{
		URL:       url,
		Seed:      model.Seed(t),
		Senders:   32,
		Receivers: 32,
		Messages:  model.Messages,
		Stats: func() hub.Stats {
			st, _ := core.Hub().Stats(id)
			return st
		},
		Disturb: func(round int) {
			next := *s
			next.body = fmt.Sprintf("respond /%d done", round)
			stage := ""
			switch round % 5 {
			case 1:
				next.culvert += fmt.Sprintf("\nmax_connections %d", 1000+round)
			case 3:
				stage = "start" // of another app
			case 4:
				next.culvert += "\nmemory 512KiB" // less than log_size
			}
			if err := next.load(t, stage, round); (err != nil) != (round%5 > 2) {
				t.Errorf("reload %d: %v", round, err)
			}
		},
	})
	if n := core.Pushes() - pushes; n < 10 {
		t.Errorf("only %d configs were in force meanwhile", n)
	} else {
		t.Logf("%d configs were in force meanwhile", n)
	}
}
