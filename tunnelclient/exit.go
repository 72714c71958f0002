// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/tunnelclient/internal/config"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

// The exit codes, which scripts rely on; docs/client.md has the same table.
const (
	exitOK = iota
	exitInternal
	exitUsage
	exitRefused
	exitNameTaken
	exitUnreachable
	exitTarget
	exitLocal
	exitKey
)

// usageError is a mistake in the command line, the environment or the
// configuration.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Unwrap returns the cause.
func (e usageError) Unwrap() error { return e.error }

// exitCode sorts errors. Those of the client say themselves what they are.
func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if e, ok := errors.AsType[*tunnel.Error](err); ok {
		switch e.Kind {
		case tunnel.Refused:
			return exitRefused
		case tunnel.NameTaken:
			return exitNameTaken
		case tunnel.Unreachable:
			return exitUnreachable
		case tunnel.TargetRefused:
			return exitTarget
		case tunnel.LocalFailed:
			return exitLocal
		case tunnel.PeerChanged:
			return exitKey
		}
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[config.Problems](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*local.HeldError](err); ok {
		return exitNameTaken
	}
	return exitInternal
}

// kindNames are the exit codes in the JSON of errors.
var kindNames = map[int]string{
	exitUsage:       "usage",
	exitRefused:     local.KindName(tunnel.Refused),
	exitNameTaken:   local.KindName(tunnel.NameTaken),
	exitUnreachable: local.KindName(tunnel.Unreachable),
	exitTarget:      local.KindName(tunnel.TargetRefused),
	exitLocal:       local.KindName(tunnel.LocalFailed),
	exitKey:         local.KindName(tunnel.PeerChanged),
	exitInternal:    "internal",
}

// report writes why the command failed to stderr.
func (a *app) report(err error) {
	if !a.flags.json {
		_, _ = fmt.Fprintln(a.stderr, "tunnelclient:", err)
		return
	}
	out := struct {
		Error    string          `json:"error"`
		Kind     string          `json:"kind"`
		Code     string          `json:"code,omitempty"` // the gateway's
		ExitCode int             `json:"exitCode"`
		Problems config.Problems `json:"problems,omitempty"`
	}{Error: err.Error(), ExitCode: exitCode(err)}
	out.Kind = kindNames[out.ExitCode]
	if e, ok := errors.AsType[*tunnel.Error](err); ok {
		out.Code = e.Code
	}
	out.Problems, _ = errors.AsType[config.Problems](err)
	_ = json.NewEncoder(a.stderr).Encode(out) // nobody is left to tell
}
