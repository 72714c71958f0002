// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

var update = flag.Bool("update", false, "write what the adapter gives into testdata/adapt")

const separator = "\n----------\n"

// TestAdapt compares what Caddyfiles become with what is written below them:
// JSON, or a part of the error.
func TestAdapt(t *testing.T) {
	files, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".caddyfiletest")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in, want, ok := strings.Cut(string(data), separator)
			if !ok && !*update {
				t.Fatalf("%s has no line of dashes", file)
			}
			got := adapt(t, in+"\n")
			if *update {
				if err := os.WriteFile(file, []byte(in+separator+got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want = strings.TrimSpace(want)
			switch {
			case strings.HasPrefix(want, "{"):
				if got != want {
					t.Errorf("got:\n%s\nwant:\n%s", got, want)
				}
			case strings.HasPrefix(got, "{"):
				t.Errorf("adapted to:\n%s\nwant the error:\n%s", got, want)
			case !strings.Contains(got, want):
				t.Errorf("error %q does not contain %q", got, want)
			}
		})
	}
}

// adapt returns the JSON, or the error's text.
func adapt(t *testing.T, in string) string {
	t.Helper()
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(in), nil)
	if err != nil {
		return err.Error()
	}
	var b bytes.Buffer
	if err := json.Indent(&b, out, "", "\t"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
