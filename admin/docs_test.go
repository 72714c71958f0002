// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestDocument(t *testing.T) {
	r := newRig(t)
	got := r.raw(get, documentPath, "").want(t, 200, "")
	var doc struct {
		OpenAPI string
		Servers []struct{ URL string }
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Security    []map[string][]string
			Responses   map[string]struct {
				Content map[string]struct {
					Schema map[string]any
				}
			}
		}
	}
	got.into(t, &doc)
	if doc.OpenAPI != "3.1.0" || len(doc.Servers) != 1 || doc.Servers[0].URL != "/api/v1" {
		t.Errorf("openapi %q, servers %v", doc.OpenAPI, doc.Servers)
	}
	ids := make(map[string]bool)
	public := 0
	for path, item := range doc.Paths {
		for method, op := range item {
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" {
				t.Errorf("%s %s: id %q, summary %q", method, path, op.OperationID, op.Summary)
			}
			ids[op.OperationID] = true
			if ref := op.Responses["default"].Content[contentType].Schema["$ref"]; ref != "#/components/schemas/Error" {
				t.Errorf("%s %s: errors are %v", method, path, ref)
			}
			if op.Security == nil {
				public++
			}
		}
	}
	if public != 8 {
		t.Errorf("%d routes are public; who added one?", public)
	}
}

// interfaceDocument is the document of which the web interface's client is made.
const interfaceDocument = "../ui/openapi.json"

var update = flag.Bool("update", false, "write the document for the web interface")

func TestDocumentOfInterface(t *testing.T) {
	r := newRig(t)
	var want bytes.Buffer
	if err := json.Indent(&want, []byte(r.raw(get, documentPath, "").want(t, 200, "").text), "", "  "); err != nil {
		t.Fatal(err)
	}
	want.WriteByte('\n')
	if *update {
		if err := os.WriteFile(interfaceDocument, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(interfaceDocument)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("ui/openapi.json is not the API's document; renew it, and what is made of it, by: make ui-api")
	}
}

var (
	inlineScript = regexp.MustCompile(`(?i)<script|\son[a-z]+=|style=|<style|javascript:`)
	links        = regexp.MustCompile(`href="([^"]*)"`)
	anchors      = regexp.MustCompile(`id="([^"]*)"`)
)

// The page works with a policy that allows its own style sheet and nothing else.
func TestDocs(t *testing.T) {
	r := newRig(t)
	got := r.raw(get, docsPath, "").want(t, 200, "")
	if csp := got.Header.Get("Content-Security-Policy"); csp != docsCSP || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if m := inlineScript.FindString(got.text); m != "" {
		t.Errorf("the policy forbids %q", m)
	}
	known := make(map[string]bool)
	for _, m := range anchors.FindAllStringSubmatch(got.text, -1) {
		if known[m[1]] {
			t.Errorf("two elements are called %q", m[1])
		}
		known[m[1]] = true
	}
	for _, m := range links.FindAllStringSubmatch(got.text, -1) {
		if name, ok := strings.CutPrefix(m[1], "#"); ok {
			if !known[name] {
				t.Errorf("%s leads nowhere", m[1])
			}
			continue
		}
		page := r.raw(get, "/api/"+m[1], "").want(t, 200, "")
		if strings.HasSuffix(m[1], ".css") {
			if page.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || page.Header.Get("Content-Type") != "text/css; charset=utf-8" {
				t.Errorf("headers of the style sheet: %v", page.Header)
			}
		}
	}
	for _, row := range expected {
		_, path, _ := strings.Cut(row.route, " ")
		if !strings.Contains(got.text, "<code>"+path+"</code>") {
			t.Errorf("%s is not described", path)
		}
	}
}

// Every schema that a request is checked against refuses what it does not know.
func TestSchemasAreClosed(t *testing.T) {
	r := newRig(t)
	for name, s := range r.api.OpenAPI().Components.Schemas.Map() {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if s.AdditionalProperties != false && s.Type == "object" {
			t.Errorf("%s is open: %s", name, text)
		}
	}
}
