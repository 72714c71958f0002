// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the top folder of the repository, seen from this package.
const root = "../.."

// sources lists the repository's files: those git tracks, and new ones that it
// does not ignore.
func sources(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		t.Skip("not a git checkout")
	}
	// A checkout of another user is as good as one's own for listing files.
	cmd := exec.CommandContext(t.Context(), "git", "-c", "safe.directory=*",
		"ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing files: %v", err)
	}
	var files []string
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		// A file deleted but not committed is still listed.
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			files = append(files, name)
		}
	}
	if len(files) == 0 {
		t.Fatal("git lists no files")
	}
	return files
}

func TestEverySourceFileCarriesTheLicence(t *testing.T) {
	header := []string{
		"SPDX-FileCopyrightText: The Culvert Authors",
		"SPDX-License-Identifier: Apache-2.0",
	}
	languages := []string{".go", ".sh", ".ts", ".tsx", ".js", ".mjs", ".cjs", ".css"}
	seen := 0
	for _, name := range sources(t) {
		if !slices.Contains(languages, path.Ext(name)) && name != ".ci/run" && name != "Makefile" {
			continue
		}
		if strings.HasPrefix(name, "ui/dist/") || name == "ui/src/api/schema.ts" {
			continue // made of files that carry it
		}
		seen++
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		// At the top: a shebang may stand before it.
		lines := strings.SplitN(string(text), "\n", 5)
		top := strings.Join(lines[:min(4, len(lines))], "\n")
		for _, want := range header {
			if !strings.Contains(top, want) {
				t.Errorf("%s: no %q in its first four lines", name, want)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d source files seen; is the list right?", seen)
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	docs := map[string]string{} // folder to the longest package comment in it
	for _, name := range sources(t) {
		if path.Ext(name) != ".go" || strings.Contains(name, "/testdata/") {
			continue
		}
		dir := path.Dir(name)
		docs[dir] += ""
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil,
			parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if doc := packageDoc(file); len(doc) > len(docs[dir]) {
			docs[dir] = doc
		}
	}
	for dir, doc := range docs {
		// A sentence that only repeats the name is shorter than this.
		if len(doc) < 60 {
			t.Errorf("%s: its package comment says %q; wanted: a paragraph on what it is", dir, doc)
		}
	}
}

// packageDoc returns a file's package comment if it begins as it should.
func packageDoc(file *ast.File) string {
	doc := file.Doc.Text()
	name := strings.TrimSuffix(file.Name.Name, "_test")
	if strings.HasPrefix(doc, "Package "+name+" ") ||
		file.Name.Name == "main" && strings.HasPrefix(doc, "Command ") {
		return doc
	}
	return ""
}
