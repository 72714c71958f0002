// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

const browser = "text/html,application/xhtml+xml,*/*;q=0.8"

func (p *Page) ask(accept, languages string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://shop.apps.example.com/", nil)
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Language", languages)
	w := httptest.NewRecorder()
	p.Serve(w, r)
	return w
}

var allPages = map[string]struct {
	page   *Page
	status int
	retry  bool
}{
	"unknown":   {Unknown, http.StatusNotFound, false},
	"forbidden": {Forbidden, http.StatusForbidden, false},
	"offline":   {offline, http.StatusServiceUnavailable, true},
	"refused":   {refused, http.StatusBadGateway, false},
	"own host":  {ownHost, http.StatusForbidden, false},
	"slow":      {slow, http.StatusGatewayTimeout, true},
	"locked":    {locked, http.StatusUnauthorized, false},
	"log-in":    {loginNeeded, http.StatusUnauthorized, false},
	"not you":   {notYou, http.StatusForbidden, false},
	"foreign":   {foreign, http.StatusForbidden, false},
	"insecure":  {insecure, http.StatusForbidden, false},
	"expired":   {expired, http.StatusForbidden, false},
	"too many":  {tooMany, http.StatusTooManyRequests, true},
	"unready":   {unready, http.StatusServiceUnavailable, true},
}

// TestPages: a browser gets a page, a program a line, both the same words.
func TestPages(t *testing.T) {
	for name, tc := range allPages {
		for at, lang := range []string{"en", "zh-CN"} {
			text := tc.page.texts[at]
			if text.Title == "" || text.Body == "" {
				t.Errorf("%s says nothing in %s", name, lang)
			}
			for accept, kind := range map[string]string{browser: "html", "text/html": "html", "*/*": "plain", "": "plain", "application/json": "plain"} {
				w := tc.page.ask(accept, lang)
				h, body := w.Header(), w.Body.String()
				if w.Code != tc.status || h.Get("Content-Type") != "text/"+kind+"; charset=utf-8" || h.Get("Content-Language") != lang {
					t.Errorf("%s for %q in %s: %d, %v", name, accept, lang, w.Code, h)
				}
				if h.Get("Cache-Control") != "no-store" || h.Get("Vary") != "Accept, Accept-Language" || h.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("%s for %q: %v", name, accept, h)
				}
				if (h.Get("Retry-After") != "") != tc.retry {
					t.Errorf("%s: Retry-After is %q", name, h.Get("Retry-After"))
				}
				csp := h.Get("Content-Security-Policy")
				switch {
				case kind == "plain":
					if body != text.Title+[]string{". ", "。"}[at]+text.Body+"\n" || csp != "" {
						t.Errorf("%s: %q, %q", name, body, csp)
					}
				case !strings.Contains(body, "<h1>"+text.Title+"</h1><p>"+text.Body+"</p>") || !strings.Contains(body, `<html lang="`+lang+`">`) ||
					!strings.Contains(body, "<title>"+text.Title+"</title>"):
					t.Errorf("%s in %s:\n%s", name, lang, body)
				}
			}
		}
	}
}

// TestPageStyle: the page as it is served has one style, which the policy lets in
// by its hash, and nothing else that the policy would have to.
func TestPageStyle(t *testing.T) {
	w := Unknown.ask(browser, "")
	styles := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(w.Body.String(), -1)
	if len(styles) != 1 || strings.Contains(w.Body.String(), "style=") || strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), "src=") {
		t.Fatalf("%d styles in\n%s", len(styles), w.Body)
	}
	sum := sha256.Sum256([]byte(styles[0][1]))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'"
	if got := w.Header().Get("Content-Security-Policy"); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestPageLanguages(t *testing.T) {
	for accepted, want := range map[string]string{
		"": "en", "en": "en", "en-GB,en;q=0.9": "en", "zh-CN": "zh-CN", "zh": "zh-CN", "zh-CN,zh;q=0.9,en;q=0.8": "zh-CN", "zh-Hans-SG": "zh-CN",
		"ZH-cn": "zh-CN", "de": "en", "de,zh;q=0.5": "zh-CN", "en;q=0.5,zh;q=0.9": "zh-CN", "en,zh": "en", "*": "en", "zh-CN;q=0": "en", "xx": "en",
		"not a language;;": "en", "-": "en", ",": "en", "zh;q=x": "en", strings.Repeat("zh-CN,", 5000): "any", "\xff\xfe": "en",
	} {
		if got := Unknown.ask(browser, accepted).Header().Get("Content-Language"); got != want && (want != "any" || got == "") {
			t.Errorf("%.40q: %q, want %q", accepted, got, want)
		}
	}
}

// TestPageEchoesNothing: what a visitor says is in no page.
func TestPageEchoesNothing(t *testing.T) {
	for name, tc := range allPages {
		r := httptest.NewRequest(http.MethodPost, "http://a.example/%3Cscript%3Emarker", strings.NewReader("marker"))
		r.Host = "marker.apps.example.com"
		r.Header = http.Header{"Accept": {browser + ", marker"}, "Accept-Language": {"en, marker"}, "Referer": {"http://marker"}, "User-Agent": {"marker"}}
		w := httptest.NewRecorder()
		tc.page.Serve(w, r)
		if strings.Contains(w.Body.String()+fmt.Sprint(w.Header()), "marker") {
			t.Errorf("%s: %v\n%s", name, w.Header(), w.Body)
		}
	}
}

func TestPageFor(t *testing.T) {
	secret := errors.New("no route to 10.0.0.7")
	for kind, want := range map[Kind]*Page{Offline: offline, Refused: refused, Timeout: slow, 0: refused} {
		e := &Error{Kind: kind, Client: "alice/nas", Service: "web", Err: secret}
		for _, err := range []error{e, fmt.Errorf("proxying: %w", e)} {
			if got := PageFor(err); got != want {
				t.Errorf("%d: %v", kind, got)
			}
		}
		if e.Error() != "dialing alice/nas/web: no route to 10.0.0.7" || !errors.Is(e, secret) {
			t.Error(e)
		}
		body := want.ask("", "").Body.String() + want.ask(browser, "zh").Body.String()
		if strings.Contains(body, "nas") || strings.Contains(body, "10.0.0.7") {
			t.Errorf("it says too much: %s", body)
		}
	}
	for _, err := range []error{nil, secret, http.ErrAbortHandler} {
		if got := PageFor(err); got != nil {
			t.Errorf("%v: %v", err, got)
		}
	}
}
