// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestReadSecret(t *testing.T) {
	for in, want := range map[string]string{
		"pass word":                      "pass word",
		" pass \n":                       " pass ",
		"pässword\r\n":                   "pässword",
		"":                               "error",
		"\n":                             "error",
		"two\nlines\n":                   "error",
		"two\n\n":                        "error",
		strings.Repeat("x", maxSecret+1): "error",
	} {
		file := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(file, []byte(in), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{file, "-"} {
			got, err := readSecret(strings.NewReader(in), name)
			if err != nil {
				got = "error"
			}
			if got != want {
				t.Errorf("%q from %s: %q, %v", in, name, got, err)
			}
		}
	}
	if _, err := readSecret(strings.NewReader("x"), filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("read a file that is not there")
	}
}

func TestMigrationTarget(t *testing.T) {
	const secret = "postgres://u:s3cret@h/d"
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ to, file, env, want string }{
		{to: "postgres://u@h/d", want: "postgres://u@h/d"},
		{to: "postgres://u@h/d", env: secret, want: "postgres://u@h/d"},
		{file: file, want: secret},
		{file: "-", want: secret},
		{env: secret, want: secret},
		{to: secret},
		{to: "postgres://h/d?user=u&password=s3cret"},
		{},
	} {
		t.Setenv(envDatabase, tc.env)
		cmd := new(cobra.Command)
		cmd.SetIn(strings.NewReader(secret))
		got, err := migrationTarget(cmd, tc.to, tc.file)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%+v: %q, %v", tc, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%+v: %v", tc, err)
		}
	}
}
