// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/culvertd/culvert/bench/internal/cases"
	"github.com/culvertd/culvert/bench/internal/harness"
	"github.com/culvertd/culvert/bench/internal/results"
	"github.com/culvertd/culvert/bench/internal/wsload"
)

func TestVerdicts(t *testing.T) {
	result := func(target string, deliveries float64) harness.Result {
		return harness.NewResult(cases.Saturated1000, 0, target, []harness.Metric{{Name: wsload.Deliveries, Value: deliveries}}, nil)
	}
	text := verdicts(languages["en"], cases.Goals, []harness.Result{
		result(cases.Culvert, 4e6), result(cases.Centrifuge, 0.9e6), result(cases.UWS, 0.7e6), result(cases.Batch, 6e6),
	})
	for _, want := range []string{
		"deliveries/s ≥ 5 × centrifuge | 4,500,000 | 4,000,000 | **no** |", // the library in Centrifugo's place
		"deliveries/s ≥ 5 × uWebSockets.js | 3,500,000 | 4,000,000 | yes |",
		"deliveries/s ≥ 0.6 × ref-batch | 3,600,000 | 4,000,000 | yes |",
		"server CPU s per million ≤ 0.250 | 0.250 | – | not measured |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q in\n%s", want, text)
		}
	}
}

func TestEveryLanguageHasEveryWord(t *testing.T) {
	for lang, w := range languages {
		for _, set := range []string{cases.WebSocketSet, cases.TunnelSet, cases.PublishedSet} {
			for _, c := range cases.Tables(set) {
				if strings.HasPrefix(title(w, c), w.withTLS) || title(w, c) == "" {
					t.Errorf("%s: no title for %s", lang, c.Case)
				}
				for _, m := range c.Columns {
					if w.metrics[m] == "" {
						t.Errorf("%s: no word for %s", lang, m)
					}
				}
			}
			text := Render(w, results.Header{Set: set, Rounds: 3, Idle: 4}, nil)
			if strings.Contains(text, "%!") {
				t.Errorf("%s: bad format in %s", lang, text)
			}
		}
	}
}

func TestGoalsNameWhatIsMeasured(t *testing.T) {
	for _, set := range []string{cases.WebSocketSet, cases.TunnelSet, cases.PublishedSet} {
		columns := map[string][]string{}
		for _, c := range cases.Tables(set) {
			columns[c.Case] = c.Columns
		}
		for _, g := range cases.GoalsOf(set) {
			if !slices.Contains(columns[g.Case], g.Metric) {
				t.Errorf("%s: the case %q shows no %q", set, g.Case, g.Metric)
			}
		}
	}
}

func TestInsertKeepsTheProse(t *testing.T) {
	begin, end := "<!-- bench:tunnels begin: written by ci/bench-tunnels.sh -->", "<!-- bench:tunnels end -->"
	page := "a\n" + begin + "\nold\n" + end + "\nb\n"
	got, err := insert(page, cases.TunnelSet, "new\n")
	if err != nil || got != "a\n"+begin+"\n\nnew\n\n"+end+"\nb\n" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := insert(page, cases.WebSocketSet, "new"); err == nil {
		t.Error("a page with the markers of another comparison was accepted")
	}
}
