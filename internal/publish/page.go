// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"golang.org/x/text/language"
)

// Page tells a visitor from outside what is missing. It names no client, no
// service and no cause: those are for the owner, who has them from tunnelclient.
type Page struct {
	Status int
	texts  [2]text // in the order of languages
}

type text struct{ Title, Body string }

// The pages.
var (
	Unknown = &Page{http.StatusNotFound, [2]text{
		{"Nothing is published here", "No service has this name. Check the address; the name may also have been given back."},
		{"此处没有发布任何内容", "没有服务使用这个名称。请检查地址；该名称也可能已被释放。"},
	}}
	Forbidden = &Page{http.StatusForbidden, [2]text{
		{"Not from this address", "Requests from your network are refused here."},
		{"此地址不允许访问", "来自您所在网络的请求在这里被拒绝。"},
	}}
	offline = &Page{http.StatusServiceUnavailable, [2]text{
		{"The service is offline", "The computer that offers this service is not connected just now. Try again in a moment."},
		{"服务已离线", "提供此服务的计算机目前没有连接。请稍后再试。"},
	}}
	refused = &Page{http.StatusBadGateway, [2]text{
		{"The service does not answer", "The computer that offers this service is connected, but the service itself cannot be reached there."},
		{"服务没有响应", "提供此服务的计算机已连接，但无法在其上访问该服务。"},
	}}
	slow = &Page{http.StatusGatewayTimeout, [2]text{
		{"The service takes too long", "The computer that offers this service did not answer in time. Try again in a moment."},
		{"服务响应超时", "提供此服务的计算机没有及时响应。请稍后再试。"},
	}}
)

// PageFor returns the page for what Dial has failed with; nil if err is something
// else.
func PageFor(err error) *Page {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return nil
	}
	switch e.Kind {
	case Offline:
		return offline
	case Timeout:
		return slow
	default:
		return refused
	}
}

var languages = language.NewMatcher([]language.Tag{language.English, language.SimplifiedChinese})

//go:embed page.html
var pageHTML string

// styleHash lets browsers use the page's style and no other.
var styleHash = func() string {
	_, style, _ := strings.Cut(pageHTML, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
}()

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// retryAfter is in seconds, for what may be there soon.
const retryAfter = "5"

// Serve writes the page in the visitor's language, or as plain text for a program
// that does not ask for HTML.
func (p *Page) Serve(w http.ResponseWriter, r *http.Request) {
	_, at, _ := languages.Match(acceptable(r)...)
	lang, t := [...]string{"en", "zh-CN"}[at], p.texts[at]
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", lang)
	h.Set("Vary", "Accept, Accept-Language")
	h.Set("X-Content-Type-Options", "nosniff")
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusGatewayTimeout {
		h.Set("Retry-After", retryAfter)
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(p.Status)
		_, _ = w.Write([]byte(t.Title + ". " + t.Body + "\n")) // or the visitor has gone
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+styleHash+"'; frame-ancestors 'none'")
	w.WriteHeader(p.Status)
	_ = pageTemplate.Execute(w, struct { // likewise
		Lang string
		text
	}{lang, t})
}

func acceptable(r *http.Request) []language.Tag {
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(tags) == 0 {
		return []language.Tag{language.English}
	}
	return tags
}
