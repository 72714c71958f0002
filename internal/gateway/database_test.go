// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/gateway"
)

func TestDatabaseSetting(t *testing.T) {
	for _, tc := range []struct {
		database string
		ok       bool
	}{
		{"", true},
		{"postgres://culvert@db.example.com/culvert", true},
		{"postgresql://culvert:s3cret@db.example.com/culvert?sslmode=verify-full", true},
		{"mysql://culvert:s3cret@db.example.com/culvert", false},
		{"host=db.example.com password=s3cret", false},
		{"postgres://culvert:s3cret@db.example.com:x/culvert", false},
		{"culvert.db", false},
	} {
		err := gateway.Config{Database: tc.database}.Validate()
		if (err == nil) != tc.ok {
			t.Errorf("%q: %v", tc.database, err)
		}
		if err != nil && (strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "database")) {
			t.Errorf("%q: the error is %q", tc.database, err)
		}
	}
}

func TestReloadCannotChangeTheDatabase(t *testing.T) {
	c, _ := start(t, folder(t))
	g := generation("2")
	g.Config.Database = "postgres://culvert:s3cret@192.0.2.1/culvert"
	err := c.Push(t.Context(), g)
	if err == nil || !strings.Contains(err.Error(), "database") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
	create(t, c, "all goes on")
}

// TestDatabaseElsewhere: a gateway and commands that have lost the setting must
// not begin anew.
func TestDatabaseElsewhere(t *testing.T) {
	dir := folder(t)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(dir, "database")
	if err := os.WriteFile(note, []byte("postgres://culvert@db.example.com/culvert"), 0o600); err != nil {
		t.Fatal(err)
	}
	errs := []error{gateway.New(dir).Push(t.Context(), generation("1"))}
	for _, create := range []bool{false, true} {
		_, err := open(t, dir, create)
		errs = append(errs, err)
	}
	for _, err := range errs {
		for _, want := range []string{"culvert@db.example.com/culvert", "CULVERT_DATABASE", note} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v lacks %q", err, want)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "culvert.db")); !os.IsNotExist(err) {
		t.Errorf("an SQLite database: %v", err)
	}
	if err := os.Remove(note); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
}
