// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
	"testing"
)

// wholeTables are the statements that read a table or an index from end to end,
// and may: they are asked for everything, or count.
var wholeTables = map[string]bool{
	"sqlListEndpoints": true, "sqlListClients": true, "sqlListClientTokens": true, "sqlListBlocks": true,
	"sqlListAllGrants": true, "sqlListAccess": true, "sqlListDomains": true,
	"sqlCountUsers": true,
	// The index of the administrators only.
	"sqlCountAdmins": true, "sqlFirstAdmin": true,
}

// TestQueryPlans asks SQLite how it would run every statement of the package,
// found in the source so that none is forgotten: no table may be read from end
// to end, and nothing sorted, but for lists of everything.
func TestQueryPlans(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	statements := sqlConstants(t)
	if len(statements) < 80 {
		t.Fatalf("found only %d statements", len(statements))
	}
	for name, query := range statements {
		for _, step := range plan(t, s, query) {
			if strings.HasPrefix(step, "SCAN") && !wholeTables[name] || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s: %s", name, step)
			}
		}
	}
	// That the test can fail.
	scan := plan(t, s, `SELECT id FROM connection_log WHERE reason = ?`)
	if len(scan) != 1 || !strings.HasPrefix(scan[0], "SCAN connection_log") {
		t.Errorf("plan of a full scan: %q", scan)
	}
}

func plan(t *testing.T, s *Store, query string) []string {
	t.Helper()
	args := make([]any, strings.Count(query, "?"))
	rows, err := s.readers.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}

// sqlConstants reads all constants of the package that are named sql….
func sqlConstants(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	// Imports are not resolved: constants need none, and the errors about the
	// rest are of no interest.
	conf := types.Config{Error: func(error) {}}
	pkg, _ := conf.Check("store", fset, files, nil)
	found := map[string]string{}
	for _, name := range pkg.Scope().Names() {
		if c, ok := pkg.Scope().Lookup(name).(*types.Const); ok && strings.HasPrefix(name, "sql") {
			found[name] = constant.StringVal(c.Val())
		}
	}
	return found
}
