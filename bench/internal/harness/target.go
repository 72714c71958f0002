// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package harness has what every load shares: the server under test and its
// process accounting, interleaved rounds, and result tables. It knows nothing
// of WebSocket.
package harness

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Target is one server under test.
type Target struct {
	Name string
	Addr string // host:port that the load goes to
	PID  int    // the server's process, whose CPU time and memory are accounted
	// Agents are the processes of a tunnel's two ends.
	Agents []int
	Opts   map[string]string // free options, such as proto, path, tls
}

// ParseTarget reads name=host:port[,server=PID][,agent=PID...][,key=value...].
func ParseTarget(s string) (Target, error) {
	parts := strings.Split(s, ",")
	name, addr, ok := strings.Cut(parts[0], "=")
	if !ok {
		return Target{}, fmt.Errorf("target %q: want name=host:port[,server=PID][,agent=PID][,key=value]", s)
	}
	t := Target{Name: name, Addr: addr, Opts: map[string]string{}}
	for _, p := range parts[1:] {
		k, v, ok := strings.Cut(p, "=")
		if !ok {
			return t, fmt.Errorf("target %q: %q is not key=value", s, p)
		}
		if k != "server" && k != "agent" {
			t.Opts[k] = v
			continue
		}
		pid, err := strconv.Atoi(v)
		if err != nil {
			return t, fmt.Errorf("target %q: reading the pid: %w", s, err)
		}
		if k == "server" {
			t.PID = pid
		} else {
			t.Agents = append(t.Agents, pid)
		}
	}
	return t, nil
}

// String is what ParseTarget reads.
func (t Target) String() string {
	s := fmt.Sprintf("%s=%s,server=%d", t.Name, t.Addr, t.PID)
	opts := make([]string, 0, len(t.Agents)+len(t.Opts))
	for _, pid := range t.Agents {
		opts = append(opts, fmt.Sprintf(",agent=%d", pid))
	}
	for k, v := range t.Opts {
		opts = append(opts, ","+k+"="+v)
	}
	slices.Sort(opts[len(t.Agents):])
	return s + strings.Join(opts, "")
}

// Targets is a repeatable -target flag.
type Targets []Target

// String implements flag.Value.
func (t *Targets) String() string { return fmt.Sprint(len(*t), " targets") }

// Set implements flag.Value.
func (t *Targets) Set(s string) error {
	x, err := ParseTarget(s)
	if err == nil {
		*t = append(*t, x)
	}
	return err
}
