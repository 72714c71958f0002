// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// Metric is one named number of one run.
type Metric struct {
	Name  string
	Value float64
}

// Result is one run of one case on one server, as it stands in a results file.
type Result struct {
	Kind   string             `json:"kind"` // "result"
	Case   string             `json:"case"`
	Round  int                `json:"round"`
	Target string             `json:"target"`
	Order  []string           `json:"order,omitempty"` // the metrics' order, for tables
	Values map[string]float64 `json:"values,omitempty"`
	Error  string             `json:"error,omitempty"`
}

// NewResult makes the line of one run.
func NewResult(name string, round int, target string, ms []Metric, err error) Result {
	r := Result{Kind: "result", Case: name, Round: round, Target: target}
	if err != nil {
		r.Error = err.Error()
		return r
	}
	r.Values = map[string]float64{}
	for _, m := range ms {
		r.Order = append(r.Order, m.Name)
		r.Values[m.Name] = m.Value
	}
	return r
}

// Case measures one target once.
type Case func(Target) ([]Metric, error)

// Rounds runs the case on every target, in an order that rotates from round to
// round so that slow drifts of the machine hit all targets alike, and hands
// each result to sink at once. One failed run does not stop the others.
func Rounds(name string, rounds int, targets []Target, c Case, sink func(Result) error) error {
	for round := range rounds {
		for i := range targets {
			t := targets[(i+round)%len(targets)]
			ms, err := c(t)
			if err := sink(NewResult(name, round, t.Name, ms, err)); err != nil {
				return fmt.Errorf("storing a result: %w", err)
			}
			// Let the sockets of this run go before the next one counts CPU.
			time.Sleep(200 * time.Millisecond)
		}
	}
	return nil
}

// Run holds the flags of a load subcommand.
type Run struct {
	FS      *flag.FlagSet
	Targets Targets
	Rounds  int
	JSON    string
}

// NewRun makes the flag set of a load subcommand.
func NewRun(name string) *Run {
	r := &Run{FS: flag.NewFlagSet(name, flag.ExitOnError)}
	r.FS.Var(&r.Targets, "target", "name=host:port[,server=PID][,agent=PID...][,key=value...]; repeatable")
	r.FS.IntVar(&r.Rounds, "rounds", 5, "interleaved rounds; medians are reported")
	r.FS.StringVar(&r.JSON, "json", "", "append every single result to this file, one JSON object a line")
	return r
}

// Do runs the case on the targets of the flags and prints a table of medians.
func (r *Run) Do(c Case) error {
	if len(r.Targets) == 0 {
		return errors.New("no -target given")
	}
	log := io.Discard
	if r.JSON != "" {
		f, err := os.OpenFile(r.JSON, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return fmt.Errorf("opening the results: %w", err)
		}
		defer f.Close()
		log = f
	}
	var all []Result
	err := Rounds(r.FS.Name(), r.Rounds, r.Targets, c, func(x Result) error {
		all = append(all, x)
		return json.NewEncoder(log).Encode(x)
	})
	if err != nil {
		return err
	}
	fmt.Print(Table(all))
	for _, x := range all {
		if x.Error != "" {
			return fmt.Errorf("round %d of %s failed: %s", x.Round, x.Target, x.Error)
		}
	}
	return nil
}
