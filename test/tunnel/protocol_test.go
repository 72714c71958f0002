// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestProtocolIsDocumented: every word and number of internal/wire that
// another program must know stands in both languages' docs/protocol.md.
func TestProtocolIsDocumented(t *testing.T) {
	words := wireWords(t)
	if len(words) < 80 {
		t.Fatalf("only %d words found; is the search right?", len(words))
	}
	for _, name := range []string{"../../docs/protocol.md", "../../docs/protocol.zh-CN.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range words {
			if !documents(string(text), w) {
				t.Errorf("%s: %q is not there", name, w)
			}
		}
	}
}

// documents reports whether a page explains w, in code or as a number.
func documents(page, w string) bool {
	if _, err := strconv.Atoi(w); err == nil {
		return strings.Contains(page, "| "+w+" |")
	}
	return strings.Contains(page, "`"+w+"`")
}

// wireWords are the string constants, JSON fields and kinds of packets of
// internal/wire, and the close codes that are ours.
func wireWords(t *testing.T) []string {
	t.Helper()
	var words []string
	for _, name := range []string{"message.go", "session.go", "streams.go", "codes.go", "publickey.go", "line.go", "packet.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), "../../internal/wire/"+name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				words = append(words, constants(t, n)...)
			case *ast.Field:
				words = append(words, jsonName(t, n)...)
			}
			return true
		})
		words = append(words, kinds(file)...)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// constants returns the values of exported constants that are words, and of
// the close codes.
func constants(t *testing.T, v *ast.ValueSpec) []string {
	t.Helper()
	var words []string
	for i, name := range v.Names {
		if !name.IsExported() || i >= len(v.Values) {
			continue
		}
		lit, ok := v.Values[i].(*ast.BasicLit)
		switch {
		case !ok:
		case lit.Kind == token.STRING:
			s, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			words = append(words, s)
		case lit.Kind == token.INT && strings.HasPrefix(name.Name, "Close") && name.Name != "CloseReset":
			words = append(words, lit.Value)
		}
	}
	return words
}

// jsonName returns a field's name in messages.
func jsonName(t *testing.T, f *ast.Field) []string {
	t.Helper()
	if f.Tag == nil {
		return nil
	}
	tag, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
	return []string{name}
}

// kinds returns the kinds of control packets: the constants of the block that
// begins with one of the type Kind.
func kinds(file *ast.File) []string {
	var words []string
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		first, ok := g.Specs[0].(*ast.ValueSpec)
		if !ok {
			continue
		}
		if id, ok := first.Type.(*ast.Ident); !ok || id.Name != "Kind" {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec) //nolint:forcetypeassert // a const has no others
			words = append(words, strings.ToLower(v.Names[0].Name))
		}
	}
	return words
}
