// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// reader turns the tree of a file into a Config and notes what is wrong.
type reader struct {
	file     string
	path     string // of the key that is being read
	problems Problems
}

// Parse reads the text of a file, in YAML, of which JSON is a part. name is for
// the problems.
func Parse(name string, text []byte) (*Config, error) {
	r := &reader{file: name}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // some editors begin with it
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		r.syntax(err)
		return nil, r.problems
	}
	c := Default()
	if top := body(tree); top != nil {
		object(r, top, fields, c)
	} else {
		r.add(nil, "holds no settings; docs/client.md has an example")
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return c, nil
}

// body is the one document of the file, or nil if it is empty.
func body(tree *ast.File) ast.Node {
	for _, d := range tree.Docs {
		if d.Body != nil {
			return d.Body
		}
	}
	return nil
}

// syntax notes a mistake in the notation itself.
func (r *reader) syntax(err error) {
	p := Problem{File: r.file, Text: err.Error()}
	var at interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &at) {
		p.Text = at.GetMessage()
		if t := at.GetToken(); t != nil {
			p.Line = t.Position.Line
		}
	}
	r.problems = append(r.problems, p)
}

func (r *reader) add(n ast.Node, format string, args ...any) {
	p := Problem{File: r.file, Key: r.path, Text: fmt.Sprintf(format, args...)}
	if n != nil {
		p.Line = n.GetToken().Position.Line
	}
	r.problems = append(r.problems, p)
}

func (r *reader) check(n ast.Node, err error) {
	if err != nil {
		r.add(n, "%v", err)
	}
}

// object reads n into to by the table of its keys.
func object[T any](r *reader, n ast.Node, table []field[T], to *T) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		r.add(n, "is %s where an object with keys is wanted", kind(n))
		return
	}
	outer := r.path
	defer func() { r.path = outer }()
	prefix := ""
	if outer != "" {
		prefix = outer + "."
	}
	seen := map[string]bool{}
	for _, kv := range m.Values {
		name := key(kv)
		r.path = prefix + name
		if f := find(table, name); f == nil {
			r.unknown(kv, name, names(table))
		} else {
			f.set(r, kv.Value, to)
		}
		seen[name] = true
	}
	for _, f := range table {
		if f.def == required && !seen[f.name] {
			r.path = prefix + f.name
			r.add(n, "is missing; it is %s", f.kind)
		}
	}
}

// list reads each element of n.
func list[T any](r *reader, n ast.Node, table []field[T], to *[]T, each func(n ast.Node, v T)) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.add(n, "is %s where a list is wanted; write [] for none", kind(n))
		return
	}
	outer := r.path
	defer func() { r.path = outer }()
	for i, e := range s.Values {
		r.path = fmt.Sprintf("%s[%d]", outer, i)
		var v T
		object(r, e, table, &v)
		each(e, v)
		*to = append(*to, v)
	}
}

func (r *reader) services(n ast.Node, to *[]wire.Service) {
	seen := map[string]bool{}
	list(r, n, serviceFields, to, func(n ast.Node, s wire.Service) {
		if s.ID != "" && seen[s.ID] {
			r.add(n, "another service has the id %q too; give this one a name of its own", s.ID)
		}
		seen[s.ID] = true
		r.check(n, CheckKeyless(s.Encryption, "peers", len(s.Peers) > 0))
		r.check(n, CheckPublish(s))
	})
	if len(*to) > wire.MaxServices {
		r.add(n, "has %d services, %d are allowed; move some to a second client", len(*to), wire.MaxServices)
	}
	for i := range *to {
		if (*to)[i].LocalHost == "" {
			(*to)[i].LocalHost = "localhost"
		}
	}
}

func (r *reader) connects(n ast.Node, to *[]tunnel.ForwardSpec) {
	seen := map[string]bool{}
	list(r, n, connectFields, to, func(n ast.Node, f tunnel.ForwardSpec) {
		// tcp and udp of one port can live together, but which a service is
		// only its provider knows; the second listen then says what is wrong.
		id := f.Target + "/" + f.Service + " " + f.Local
		if seen[id] {
			r.add(n, "is there twice; remove one")
		}
		seen[id] = true
		r.check(n, CheckKeyless(f.Encryption, "peerKey", f.PeerKey != ""))
	})
}

// peers reads the fingerprints of those who may come.
func (r *reader) peers(n ast.Node, to *[]string) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.add(n, "is %s where a list is wanted", kind(n))
		return
	}
	if len(s.Values) == 0 { // it would read as "nobody" and mean "everybody"
		r.add(n, "is empty; name the fingerprints of those who may come, or leave it out")
	}
	outer := r.path
	defer func() { r.path = outer }()
	for i, e := range s.Values {
		r.path = fmt.Sprintf("%s[%d]", outer, i)
		var peer string
		if _, ok := e.(*ast.MappingNode); ok { // as the parser takes the colon in a list inside of braces
			r.add(e, "is %s where text is wanted; put it in quotes", kind(e))
		} else if r.text(e, &peer) {
			r.check(e, CheckFingerprint(peer))
			*to = append(*to, peer)
		}
	}
}

func (r *reader) unknown(n ast.Node, name string, known []string) {
	if like := nearest(name, known); like != "" {
		r.add(n, "is not a known key; did you mean %s?", like)
		return
	}
	r.add(n, "is not a known key; known are %s", strings.Join(known, ", "))
}

func find[T any](table []field[T], name string) *field[T] {
	for i := range table {
		if table[i].name == name {
			return &table[i]
		}
	}
	return nil
}

func names[T any](table []field[T]) []string {
	ns := make([]string, len(table))
	for i, f := range table {
		ns[i] = f.name
	}
	return ns
}

// key is the text of a key as the file means it, without quotes.
func key(kv *ast.MappingValueNode) string {
	if s, ok := kv.Key.(*ast.StringNode); ok {
		return s.Value
	}
	return kv.Key.String()
}
