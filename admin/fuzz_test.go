// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// FuzzRequests makes requests of the document: mostly such as it describes,
// and now and then with something in them that it does not. Whatever comes, the
// answer is none of the gateway's own faults, and one that the document knows.
func FuzzRequests(f *testing.F) {
	r := newRig(f)
	close(r.core.feed)
	var ops []*huma.Operation
	paths := r.api.OpenAPI().Paths
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		ops = append(ops, operationsOf(paths[path])...)
	}
	for i := range ops {
		f.Add(uint64(i), uint8(i), "x")
		f.Add(uint64(1000+i), uint8(i), "\xff\x00'\"; DROP TABLE users")
	}
	w := r.world()
	f.Fuzz(func(t *testing.T, seed uint64, which uint8, text string) {
		r.t = t
		op := ops[int(which)%len(ops)]
		g := &generator{
			Rand:    rand.New(rand.NewPCG(seed, 0)),
			schemas: r.api.OpenAPI().Components.Schemas, text: text,
		}
		asker := askers[g.IntN(len(askers))]
		path, body, header := g.request(op, w)
		got := r.do(op.Method, path, body, append(header, bearer(w.tokens[asker]))...)
		if got.StatusCode >= 500 {
			t.Errorf("%s %s by %s with %s: %d %s", op.Method, path, asker, body, got.StatusCode, got.text)
		}
		checkShape(t, got)
		g.check(t, op, got)
		deleted := got.StatusCode == 401 && op.Security != nil && slices.Contains(askers[1:8], asker) // by itself
		if w.made++; deleted || w.made > 20 {
			w = r.world() // accounts have limits
		}
	})
}

// generator makes requests of random numbers.
type generator struct {
	*rand.Rand
	schemas huma.Registry
	text    string // an odd one
}

func (g *generator) request(op *huma.Operation, w *world) (path, body string, header []option) {
	path = op.Path
	query := url.Values{}
	for _, p := range op.Parameters {
		if !p.Required && g.IntN(2) == 0 {
			continue
		}
		v := fmt.Sprint(g.value(p.Schema))
		switch p.In {
		case "path":
			if g.IntN(2) == 0 {
				v = g.something(op, w)
			}
			path = strings.ReplaceAll(path, "{"+p.Name+"}", strings.ReplaceAll(url.PathEscape(v), ".", "%2E"))
		case "query":
			query.Set(p.Name, v)
		case "header":
			header = append(header, with(p.Name, strings.Map(func(r rune) rune {
				if r < ' ' || r > '~' {
					return 'x' // no server lets it in
				}
				return r
			}, v)))
		}
	}
	if g.IntN(16) == 0 {
		query.Set(g.text, g.text)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	if op.RequestBody == nil {
		return path, "", header
	}
	text, err := json.Marshal(g.value(op.RequestBody.Content[contentType].Schema))
	if err != nil {
		text = []byte(g.text)
	}
	if g.IntN(16) == 0 {
		text = text[:g.IntN(len(text)+1)]
	}
	return path, string(text), header
}

// something is a thing that there is, of the kind that op is about.
func (g *generator) something(op *huma.Operation, w *world) string {
	for prefix, what := range map[string]string{
		"/endpoints": "endpoint", "/clients": "client", "/sessions": "tunnel-session", "/grants": "grant",
		"/tokens/api": "api-token", "/tokens/client": "client-token", "/users": "user", "/invites": "invite-id", "/blocks": "block",
	} {
		if strings.HasPrefix(strings.TrimPrefix(op.Path, "/admin"), prefix) && w.alive() {
			return w.make(what)
		}
	}
	return strconv.Itoa(g.IntN(10))
}

// alive reports whether the owner still is who it was.
func (w *world) alive() bool {
	return w.r.do(get, "/auth/me", "", bearer(w.owner.token)).StatusCode == 200
}

// value is one of the schema, or now and then something else.
func (g *generator) value(s *huma.Schema) any {
	if s.Ref != "" {
		s = g.schemas.SchemaFromRef(s.Ref)
	}
	if g.IntN(12) == 0 {
		return g.odd()
	}
	if len(s.Enum) > 0 {
		return s.Enum[g.IntN(len(s.Enum))]
	}
	switch s.Type {
	case huma.TypeBoolean:
		return g.IntN(2) == 0
	case huma.TypeInteger, huma.TypeNumber:
		return []any{0, 1, -1, 7, 200, int64(math.MaxInt64), int64(math.MinInt64), g.Int64()}[g.IntN(8)]
	case huma.TypeArray:
		list := make([]any, g.IntN(3))
		for i := range list {
			list[i] = g.value(s.Items)
		}
		return list
	case huma.TypeObject:
		return g.object(s)
	case huma.TypeString:
		if s.Format == "date-time" {
			return time.Unix(g.Int64N(1<<33), 0).UTC().Format(time.RFC3339)
		}
		return g.word(s)
	default:
		return g.odd()
	}
}

func (g *generator) object(s *huma.Schema) map[string]any {
	m := make(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if slices.Contains(s.Required, name) || g.IntN(2) == 0 {
			m[name] = g.value(s.Properties[name])
		}
	}
	if g.IntN(24) == 0 {
		m[g.text] = g.odd()
	}
	return m
}

func (g *generator) word(s *huma.Schema) string {
	v := []string{g.text, "nas", "web", "192.0.2.0/24", "a@example.com", password, strings.Repeat("x", 300), "terms"}[g.IntN(8)]
	if s.MaxLength != nil && len(v) > *s.MaxLength && g.IntN(8) > 0 {
		v = v[:*s.MaxLength]
	}
	return v
}

func (g *generator) odd() any {
	return []any{
		nil, "", g.text, true, -1, 1e300, 0.5,
		[]any{},
		map[string]any{},
		[]any{[]any{nil}},
		strings.Repeat("é", 1000),
		"0000-00-00T00:00:00Z", "9999-12-31T23:59:59.999999999-23:59", "\x1b[31m", "../..", uint64(math.MaxUint64),
	}[g.IntN(16)]
}

// check compares an answer with what the document says.
func (g *generator) check(t *testing.T, op *huma.Operation, got reply) {
	t.Helper()
	resp := op.Responses[strconv.Itoa(got.StatusCode)]
	if resp == nil {
		resp = op.Responses["default"]
		if got.StatusCode < 400 {
			t.Errorf("%s answers %d, which the document does not know", op.OperationID, got.StatusCode)
		}
	}
	m := resp.Content[contentType]
	if m == nil {
		return // an empty one, or a stream
	}
	var v any
	got.into(t, &v)
	res := new(huma.ValidateResult)
	huma.Validate(g.schemas, m.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, v, res)
	for _, err := range res.Errors {
		t.Errorf("%s answers what the document does not describe: %v in %s", op.OperationID, err, got.text)
	}
}
