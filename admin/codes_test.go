// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var codeName = regexp.MustCompile(`^[cC]ode[A-Z]`)

// The document has every code that the sources define for answers, and no
// other; and nobody answers with a code that has no name.
func TestCodes(t *testing.T) {
	var got, want []string
	for _, v := range newRig(t).api.OpenAPI().Components.Schemas.Map()["Error"].Properties["code"].Enum {
		got = append(got, v.(string))
	}
	for _, dir := range []string{".", "../internal/account", "../internal/control", "../internal/gateway"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				want = append(want, definedCodes(n)...)
				if text := bareCode(n); text != "" {
					t.Errorf("%s answers with %s, which is no constant", name, text)
				}
				return true
			})
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if want = slices.Compact(want); !slices.Equal(got, want) {
		t.Errorf("the document has the codes\n%v\nand the sources\n%v", got, want)
	}
}

// definedCodes returns the values of constants that are codes.
func definedCodes(n ast.Node) (list []string) {
	spec, ok := n.(*ast.ValueSpec)
	if !ok {
		return nil
	}
	for i, name := range spec.Names {
		if !codeName.MatchString(name.Name) || i >= len(spec.Values) {
			continue
		}
		if lit, ok := spec.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, _ := strconv.Unquote(lit.Value)
			list = append(list, text)
		}
	}
	return list
}

// bareCode returns a code that is written out where an error is made.
func bareCode(n ast.Node) string {
	var v ast.Expr
	switch n := n.(type) {
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "fail" && len(n.Args) > 2 {
			v = n.Args[1]
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
			v = n.Value
		}
	}
	if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		return lit.Value
	}
	return ""
}
