// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package results reads and writes the files of bench/results: a line of JSON
// that says what ran where, then one line for each single measurement. The
// tables of docs/performance.md are made of nothing else.
package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/culvertd/culvert/bench/internal/cases"
	"github.com/culvertd/culvert/bench/internal/harness"
)

// Header is the first line of a file.
type Header struct {
	Kind      string            `json:"kind"`          // "run"
	Set       string            `json:"set,omitempty"` // which comparison; the first files do not say: WebSocket
	Date      time.Time         `json:"date"`
	Kernel    string            `json:"kernel"`
	CPU       string            `json:"cpu"`
	Cores     int               `json:"cores"`
	MemoryGiB float64           `json:"memory_gib"`
	Go        string            `json:"go"`       // of the load generator and the references
	Versions  map[string]string `json:"versions"` // of the servers
	Rounds    int               `json:"rounds"`
	RoundsTLS int               `json:"rounds_tls,omitempty"`
	Duration  string            `json:"duration"` // of one run
	Settle    string            `json:"settle"`   // from the last idle connect to the reading
	Idle      int               `json:"idle"`     // idle connections
}

// Machine fills in what the machine says of itself.
func Machine() Header {
	h := Header{Kind: "run", Date: time.Now().UTC().Truncate(time.Second), Cores: runtime.NumCPU(), Go: runtime.Version()}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		h.Kernel = unix.ByteSliceToString(u.Release[:])
	}
	h.CPU = cpuModel()
	var si unix.Sysinfo_t
	if unix.Sysinfo(&si) == nil {
		h.MemoryGiB = math.Round(float64(si.Totalram) * float64(si.Unit) / (1 << 30))
	}
	return h
}

func cpuModel() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "?"
	}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
			return strings.Join(strings.Fields(v), " ")
		}
	}
	return "?"
}

// Read reads a file.
func Read(name string) (Header, []harness.Result, error) {
	var h Header
	f, err := os.Open(name)
	if err != nil {
		return h, nil, fmt.Errorf("opening results: %w", err)
	}
	defer f.Close()
	d := json.NewDecoder(bufio.NewReader(f))
	if err := d.Decode(&h); err != nil {
		return h, nil, fmt.Errorf("reading the first line of %s: %w", name, err)
	}
	if h.Kind != "run" {
		return h, nil, fmt.Errorf("%s does not begin with a run", name)
	}
	if h.Set == "" {
		h.Set = cases.WebSocketSet
	}
	var rs []harness.Result
	for {
		var r harness.Result
		switch err := d.Decode(&r); {
		case errors.Is(err, io.EOF):
			return h, rs, nil
		case err != nil:
			return h, nil, fmt.Errorf("reading %s: %w", name, err)
		}
		rs = append(rs, r)
	}
}
