// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package report makes the tables of docs/performance.md from a results file:
// Culvert against its targets first, then every case with every server. It
// writes between two markers of a page, so that the prose around them is
// written by hand and no number is.
package report

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/culvertd/culvert/bench/internal/cases"
	"github.com/culvertd/culvert/bench/internal/results"
)

// The markers of a comparison and the script that runs it; what stands between
// them is replaced.
const (
	begin = "<!-- bench:%s begin: written by ci/%s -->"
	end   = "<!-- bench:%s end -->"
)

var scripts = map[string]string{
	cases.WebSocketSet: "bench-compare.sh",
	cases.TunnelSet:    "bench-tunnels.sh",
	cases.PublishedSet: "bench-published.sh",
}

// Command is "bench report".
func Command(args []string) error {
	fs := flag.NewFlagSet("report", flag.ExitOnError)
	lang := fs.String("lang", "en", "language of the tables: en or zh-CN")
	doc := fs.String("doc", "", "page to write into; without it, print")
	if err := fs.Parse(args); err != nil {
		return err
	}
	w, ok := languages[*lang]
	if !ok {
		return fmt.Errorf("no language %q", *lang)
	}
	if fs.NArg() != 1 {
		return errors.New("want one results file")
	}
	h, rs, err := results.Read(fs.Arg(0))
	if err != nil {
		return err
	}
	text := Render(w, h, rs)
	if *doc == "" {
		fmt.Print(text)
		return nil
	}
	page, err := os.ReadFile(*doc)
	if err != nil {
		return fmt.Errorf("reading the page: %w", err)
	}
	out, err := insert(string(page), h.Set, text)
	if err != nil {
		return fmt.Errorf("%s: %w", *doc, err)
	}
	return os.WriteFile(*doc, []byte(out), 0o644)
}

func insert(page, set, text string) (string, error) {
	begin, end := fmt.Sprintf(begin, set, scripts[set]), fmt.Sprintf(end, set)
	i, j := strings.Index(page, begin), strings.Index(page, end)
	if i < 0 || j < i {
		return "", fmt.Errorf("lacks the lines %q and %q", begin, end)
	}
	return page[:i+len(begin)] + "\n\n" + text + "\n" + page[j:], nil
}
