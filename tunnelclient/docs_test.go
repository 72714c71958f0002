// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/culvertd/culvert/tunnelclient/internal/config"
)

// rows returns the cells of the table whose first row begins with the cell
// first, without its head.
func rows(t *testing.T, doc, first string) [][]string {
	t.Helper()
	text, err := os.ReadFile("../docs/" + doc)
	if err != nil {
		t.Fatal(err)
	}
	var table [][]string
	inside := false
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		switch {
		case strings.HasPrefix(line, "| "+first+" |"):
			inside = true
		case !strings.HasPrefix(line, "|"):
			inside = false
		case inside && !strings.HasPrefix(line, "| ---"):
			table = append(table, cells)
		}
	}
	if len(table) == 0 {
		t.Fatalf("%s has no table that begins with %q", doc, first)
	}
	return table
}

// TestDocs: both guides list what the program knows, and nothing else.
func TestDocs(t *testing.T) {
	for doc, heads := range map[string]struct{ key, flag, connect, command, code string }{
		"client.md":       {"key", "flag", "flag of connect", "command", "code"},
		"client.zh-CN.md": {"键", "参数", "connect 的参数", "命令", "退出码"},
	} {
		t.Run(doc, func(t *testing.T) {
			keys := config.Keys()
			table := rows(t, doc, heads.key)
			if len(table) != len(keys) {
				t.Fatalf("%d keys are described, there are %d", len(table), len(keys))
			}
			for i, k := range keys {
				want := []string{"`" + k.Name + "`", k.Type, k.Default}
				got := table[i][:3]
				if doc != "client.md" {
					want, got = want[:1], got[:1] // the rest is translated
				}
				if !slices.Equal(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}

			a := &app{}
			root := a.root()
			described(t, doc, heads.flag, root.PersistentFlags())
			described(t, doc, heads.connect, a.connectCommand().LocalFlags())

			var commands []string
			want := []string{"tunnelclient", "tunnelclient completion"} // the root, and cobra's own
			for _, row := range rows(t, doc, heads.command) {
				commands = append(commands, regexp.MustCompile("^`(tunnelclient(?: [a-z]+)*)").FindStringSubmatch(row[0])[1])
			}
			for _, c := range root.Commands() {
				if !c.HasSubCommands() {
					want = append(want, c.CommandPath())
				}
				for _, sub := range c.Commands() {
					want = append(want, sub.CommandPath())
				}
			}
			same(t, "commands", commands, want)

			var codes []string
			want = []string{strconv.Itoa(exitOK)}
			for code := range kindNames {
				want = append(want, strconv.Itoa(code))
			}
			for _, row := range rows(t, doc, heads.code) {
				codes = append(codes, row[0])
			}
			same(t, "exit codes", codes, want)
		})
	}
}

// described compares the flags of a table with those that there are.
func described(t *testing.T, doc, head string, set interface{ FlagUsages() string }) {
	t.Helper()
	var flags []string
	for _, row := range rows(t, doc, head) {
		flags = append(flags, regexp.MustCompile(`--[a-z-]+`).FindString(row[0]))
	}
	same(t, head, flags, regexp.MustCompile(`--[a-z-]+`).FindAllString(set.FlagUsages(), -1))
}

// TestExamplesInDocs: the configurations that people copy are valid.
func TestExamplesInDocs(t *testing.T) {
	for doc, want := range map[string]int{
		"docs/client.md": 2, "docs/client.zh-CN.md": 2, "README.md": 1, "README.zh-CN.md": 1,
	} {
		text, err := os.ReadFile("../" + doc)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile("(?s)```(?:json|yaml)\n(.*?)```").FindAllStringSubmatch(string(text), -1)
		if len(found) != want {
			t.Errorf("%s has %d examples, %d are expected", doc, len(found), want)
		}
		for _, m := range found {
			if _, err := config.Parse(doc, []byte(m[1])); err != nil {
				t.Error(err)
			}
		}
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: described are %q, there are %q", what, got, want)
	}
}
