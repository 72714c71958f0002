// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"
)

//go:embed docs.html
var docsTemplate string

//go:embed docs.css
var docsStyle []byte

// docsCSP lets the page have its own style sheet, and nothing else.
const docsCSP = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// page is an answer that is always the same.
type page struct {
	contentType string
	body        []byte
	csp         string // if not that of every answer
	forever     bool   // its path changes when it does
}

// isPage reports whether a path is that of a page, of which describe makes all.
func isPage(path string) bool {
	return path == documentPath || path == docsPath || path == stylePath()
}

func (a *API) servePage(ans *answer, r *http.Request) {
	a.build()
	pages, err := a.pages()
	if err != nil {
		a.cfg.Logger().Error("describing the API", zap.Error(err))
		ans.fail(internal)
		return
	}
	pages[r.URL.Path].serve(ans, r)
}

func (p page) serve(ans *answer, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		ans.Header().Set("Allow", "GET, HEAD")
		ans.fail(fail(http.StatusMethodNotAllowed, codeMethod, "This path takes GET."))
		return
	}
	head := ans.Header()
	head.Set("Content-Type", p.contentType)
	if p.csp != "" {
		head.Set("Content-Security-Policy", p.csp)
	}
	if p.forever {
		head.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = ans.Write(p.body) // into memory
}

// styleName holds the style's hash, so that browsers may keep it for ever.
var styleName = sync.OnceValue(func() string {
	sum := sha256.Sum256(docsStyle)
	return "docs-" + hex.EncodeToString(sum[:8]) + ".css"
})

func stylePath() string { return "/api/" + styleName() }

// docSection is the routes of one tag.
type docSection struct {
	Name   string
	Routes []docRoute
}

// docRoute is a route as the page shows it.
type docRoute struct {
	ID, Method, Path, Summary, Access string
	Params                            []docField
	Body                              docType
	Answers                           []docAnswer
}

type docAnswer struct {
	Status, Description string
	Body                docType
}

// docType is a type by its name; the page describes named ones at its end.
type docType struct{ Text, Link string }

type docField struct {
	Name, In    string
	Type        docType
	Required    bool
	Description string
}

// docObject is a named type.
type docObject struct {
	Name   string
	Fields []docField
}

// renderDocs makes the readable page. It is done once: the document does not
// change while the program runs.
func renderDocs(doc *huma.OpenAPI) ([]byte, error) {
	t, err := template.New("docs").Parse(docsTemplate)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Info": doc.Info, "Server": prefix, "Style": styleName(),
		"Sections": docSections(doc), "Objects": docObjects(doc),
	})
	return b.Bytes(), err
}

func docSections(doc *huma.OpenAPI) []docSection {
	by := make(map[string]*docSection)
	var order []string
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, op := range operationsOf(doc.Paths[path]) {
			tag := op.Tags[0]
			if by[tag] == nil {
				by[tag] = &docSection{Name: tag}
				order = append(order, tag)
			}
			by[tag].Routes = append(by[tag].Routes, docOf(op))
		}
	}
	slices.SortStableFunc(order, func(x, y string) int {
		return strings.Compare(rank(x), rank(y))
	})
	list := make([]docSection, len(order))
	for i, tag := range order {
		list[i] = *by[tag]
	}
	return list
}

// rank puts what is for administrators last.
func rank(tag string) string {
	if strings.HasPrefix(tag, every.tag) {
		return "1" + tag
	}
	return "0" + tag
}

func operationsOf(p *huma.PathItem) (list []*huma.Operation) {
	for _, op := range []*huma.Operation{p.Get, p.Post, p.Put, p.Patch, p.Delete} {
		if op != nil {
			list = append(list, op)
		}
	}
	return list
}

func docOf(op *huma.Operation) docRoute {
	r := docRoute{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Access: op.Description}
	for _, p := range op.Parameters {
		r.Params = append(r.Params, docField{
			Name: p.Name, In: p.In, Type: typeOf(p.Schema), Required: p.Required, Description: describeSchema(p.Schema),
		})
	}
	if op.RequestBody != nil {
		for _, m := range op.RequestBody.Content {
			r.Body = typeOf(m.Schema)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status == "default" {
			continue // the page says it once for all
		}
		resp := op.Responses[status]
		ans := docAnswer{Status: status, Description: resp.Description}
		for _, m := range resp.Content {
			ans.Body = typeOf(m.Schema)
		}
		r.Answers = append(r.Answers, ans)
	}
	return r
}

func docObjects(doc *huma.OpenAPI) []docObject {
	schemas := doc.Components.Schemas.Map()
	list := make([]docObject, 0, len(schemas))
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		s := schemas[name]
		o := docObject{Name: name}
		for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
			f := s.Properties[field]
			o.Fields = append(o.Fields, docField{
				Name: field, Type: typeOf(f), Required: slices.Contains(s.Required, field), Description: describeSchema(f),
			})
		}
		list = append(list, o)
	}
	return list
}

// typeOf names a type.
func typeOf(s *huma.Schema) docType {
	switch {
	case s == nil:
		return docType{}
	case s.Ref != "":
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		return docType{Text: name, Link: name}
	case len(s.AnyOf) > 0:
		return typeOf(s.AnyOf[0]) // the other is Error, as everywhere
	case s.Type == huma.TypeArray:
		of := typeOf(s.Items)
		return docType{Text: "list of " + of.Text, Link: of.Link}
	case s.Format == "date-time":
		return docType{Text: "time"}
	case s.Type == "":
		return docType{Text: "any"}
	default:
		return docType{Text: s.Type}
	}
}

func describeSchema(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	text := s.Description
	if len(s.Enum) > 0 {
		var values []string
		for _, v := range s.Enum {
			if word, ok := v.(string); ok {
				values = append(values, word)
			}
		}
		text = strings.TrimSpace(text + " One of " + strings.Join(values, ", ") + ".")
	}
	return text
}
