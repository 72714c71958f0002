// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/culvertd/culvert"

// pkg is what `go list -deps -json` tells of a package.
type pkg struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	Deps         []string // of the package itself, not of its tests
	TestImports  []string
	XTestImports []string
}

// short is the import path within the module; "" is the root package.
func (p *pkg) short() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

func (p *pkg) ours() bool { return within(p.ImportPath, module) }

// within tells whether path is tree or lies in it.
func within(path, tree string) bool {
	return path == tree || strings.HasPrefix(path, tree+"/")
}

// packages lists the packages of the module and all that they are linked from.
func packages(t *testing.T, cgo string) map[string]*pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps",
		"-json=ImportPath,Standard,Imports,Deps,TestImports,XTestImports", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	all := map[string]*pkg{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(pkg)
		if err := dec.Decode(p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

func TestImportDirections(t *testing.T) {
	for _, cgo := range []string{"0", "1"} {
		t.Run("cgo="+cgo, func(t *testing.T) {
			all := packages(t, cgo)
			for _, p := range all {
				if p.ours() {
					checkCaddy(t, p)
					checkDrivers(t, p)
					checkGlue(t, p)
				}
			}
			checkApart(t, all)
			checkWire(t, all)
			checkClient(t, all)
		})
	}
}

// checkCaddy: nothing but caddymodule, cmd/culvert, test and the root package
// links Caddy, and no test below them either.
func checkCaddy(t *testing.T, p *pkg) {
	s := p.short()
	if s == "" || within(s, "caddymodule") || within(s, "cmd/culvert") || within(s, "test") {
		return
	}
	for _, dep := range slices.Concat(p.Deps, p.TestImports, p.XTestImports) {
		if within(dep, "github.com/caddyserver") {
			t.Errorf("%s links %s; only caddymodule, cmd/culvert and test may", s, dep)
		}
	}
}

// checkDrivers: only internal/store imports a database driver or SQL.
func checkDrivers(t *testing.T, p *pkg) {
	if within(p.short(), "internal/store") {
		return
	}
	drivers := []string{"github.com/mattn/go-sqlite3", "modernc.org/sqlite", "github.com/jackc/pgx", "database/sql"}
	for _, dep := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
		for _, driver := range drivers {
			if within(dep, driver) {
				t.Errorf("%s imports %s; only internal/store may", p.short(), dep)
			}
		}
	}
}

// checkGlue: nothing under internal links what stands above it.
func checkGlue(t *testing.T, p *pkg) {
	if !within(p.short(), "internal") {
		return
	}
	for _, dep := range p.Deps {
		for _, above := range []string{"caddymodule", "cmd", "test", "admin", "ui"} {
			if within(dep, module+"/"+above) {
				t.Errorf("%s links %s, which stands above it", p.short(), dep)
			}
		}
	}
}

// apart says which packages of ours a package must not link, because they own
// it, or because it knows them through interfaces only.
var apart = map[string][]string{
	"internal/hub":       {"internal/gateway", "internal/control", "internal/store", "internal/account"},
	"internal/signaling": {"internal/gateway", "internal/control", "internal/store", "internal/account"},
	"internal/store":     {"internal/gateway", "internal/control", "internal/account", "internal/auth"},
	"internal/auth":      {"internal", "admin"},
	"internal/inventory": {"internal", "admin"},
	"internal/account":   {"internal/gateway", "internal/control", "internal/hub", "internal/signaling", "internal/relay"},
	"admin":              {"internal/gateway", "internal/hub", "internal/signaling", "internal/relay"},
	"ui":                 {"internal", "admin"},
}

func checkApart(t *testing.T, all map[string]*pkg) {
	for name, strangers := range apart {
		p, ok := all[module+"/"+name]
		if !ok {
			t.Errorf("there is no %s", name)
			continue
		}
		for _, dep := range p.Deps {
			for _, stranger := range strangers {
				if within(dep, module+"/"+stranger) {
					t.Errorf("%s links %s", name, dep)
				}
			}
		}
	}
}

// checkWire: internal/wire links the standard library only.
func checkWire(t *testing.T, all map[string]*pkg) {
	wire, ok := all[module+"/internal/wire"]
	if !ok {
		t.Error("there is no internal/wire")
		return
	}
	for _, dep := range wire.Deps {
		if p := all[dep]; p == nil || !p.Standard {
			t.Errorf("internal/wire links %s, which is not of the standard library", dep)
		}
	}
}

// checkClient: tunnelclient links neither Caddy nor a database.
func checkClient(t *testing.T, all map[string]*pkg) {
	client, ok := all[module+"/tunnelclient"]
	if !ok {
		if _, err := os.Stat(filepath.Join(root, "tunnelclient")); err == nil {
			t.Error("tunnelclient exists, but go list does not show it")
		}
		return
	}
	for _, dep := range client.Deps {
		for _, heavy := range []string{
			"github.com/caddyserver", "database/sql", "github.com/mattn/go-sqlite3", "modernc.org/sqlite",
			"github.com/jackc/pgx", module + "/internal/store", module + "/internal/gateway",
		} {
			if within(dep, heavy) {
				t.Errorf("tunnelclient links %s", dep)
			}
		}
	}
}
