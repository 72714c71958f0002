// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// text reads a text and tells whether there was one.
func (r *reader) text(n ast.Node, to *string) bool {
	switch v := n.(type) {
	case *ast.StringNode:
		*to = v.Value
		return true
	case *ast.LiteralNode:
		*to = strings.TrimRight(v.Value.Value, "\n")
		return true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		r.add(n, "is %s where text is wanted; put it in quotes", kind(n))
	default:
		r.add(n, "is %s where text is wanted", kind(n))
	}
	return false
}

// filled reads a text that must not be empty.
func (r *reader) filled(n ast.Node, to *string) bool {
	if !r.text(n, to) {
		return false
	}
	if *to == "" {
		r.add(n, "is empty; fill it in or leave it out")
		return false
	}
	return true
}

func (r *reader) oneOf(n ast.Node, to *string, words ...string) {
	if r.text(n, to) && !slices.Contains(words, *to) {
		r.add(n, "%q is not one of %s", *to, strings.Join(words, ", "))
	}
}

func (r *reader) bool(n ast.Node, to *bool) {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		r.add(n, "is %s where true or false is wanted", kind(n))
		return
	}
	*to = b.Value
}

func (r *reader) number(n ast.Node, low, high int, to *int) bool {
	i, ok := n.(*ast.IntegerNode)
	if !ok {
		r.add(n, "is %s where a number is wanted; give one from %d to %d, without quotes", kind(n), low, high)
		return false
	}
	switch v := i.Value.(type) {
	case int64:
		*to = int(v)
	case uint64:
		*to = int(min(v, 1<<31-1))
	}
	if *to < low || *to > high {
		r.add(n, "%s is out of range; give a number from %d to %d", i.Token.Value, low, high)
		return false
	}
	return true
}

// kind names what a node is, in words of its user.
func kind(n ast.Node) string {
	switch v := n.(type) {
	case *ast.MappingNode:
		return "an object"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode:
		return "the number " + v.String()
	case *ast.BoolNode:
		return v.String()
	case *ast.NullNode:
		return "nothing"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "an anchor or alias, which is not supported here,"
	case *ast.TagNode:
		return "a tag, which is not supported here,"
	default:
		return "something else"
	}
}
