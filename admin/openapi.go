// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// documentPath is where the document is, docsPath its readable form.
const (
	documentPath = "/api/openapi.json"
	docsPath     = "/api/docs"
)

const introduction = `The gateway's REST API. Bodies are JSON. Errors have one shape, Error, with codes that do not change. ` +
	`Lists come in pages: send a page's next as after to get the one behind it. ` +
	`Send a random Idempotency-Key with what creates something, and it is created once, however often it is sent. ` +
	`Send an ETag back as If-Match, and nothing is changed that somebody else has changed meanwhile.`

// humaConfig has nothing of huma's own pages, which load programs from
// elsewhere, and no format but JSON.
func humaConfig() huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Culvert", Version: "1", Description: introduction},
			// Relative, so that the document holds wherever the gateway is.
			Servers: []*huma.Server{{URL: prefix}},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer": {Type: "http", Scheme: "bearer", Description: "A log-in's token, or an API token."},
					"cookie": {Type: "apiKey", In: "cookie", Name: secureCookie, Description: "A log-in with cookie: true. Without TLS, on localhost only, the cookie's name is " + localCookie + "."},
				},
			},
		},
		Formats:                      map[string]huma.Format{contentType: huma.DefaultJSONFormat},
		DefaultFormat:                contentType,
		RejectUnknownQueryParameters: true,
	}
}

// describe makes the pages of the complete document.
func describe(doc *huma.OpenAPI) (map[string]page, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
	}
	html, err := renderDocs(doc)
	if err != nil {
		return nil, fmt.Errorf("rendering the OpenAPI document: %w", err)
	}
	return map[string]page{
		documentPath: {contentType: contentType, body: text},
		docsPath:     {contentType: "text/html; charset=utf-8", body: html, csp: docsCSP},
		stylePath():  {contentType: "text/css; charset=utf-8", body: docsStyle, forever: true},
	}, nil
}
