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
	locked = &Page{http.StatusUnauthorized, [2]text{
		{"A password is needed", "Whoever publishes this asks for a password. Any user name will do."},
		{"需要密码", "发布者为此内容设置了密码。用户名可任意填写。"},
	}}
	loginNeeded = &Page{http.StatusUnauthorized, [2]text{
		{"A log-in is needed", "Whoever publishes this asks for a log-in at this gateway. Open the address in a browser."},
		{"需要登录", "发布者要求先登录此网关。请在浏览器中打开该地址。"},
	}}
	notYou = &Page{http.StatusForbidden, [2]text{
		{"Not for your account", "You are logged in, but this is for other accounts. Ask whoever publishes it."},
		{"您的账户没有权限", "您已登录，但此内容只对其他账户开放。请联系发布者。"},
	}}
	foreign = &Page{http.StatusForbidden, [2]text{
		{"Not from another page", "You are logged in here, and a page of another origin has sent this. Open the address of the website itself."},
		{"不接受其他页面的请求", "您已在此登录，而此请求由其他来源的页面发出。请直接打开该网站的地址。"},
	}}
	insecure = &Page{http.StatusForbidden, [2]text{
		{"HTTPS is needed", "This asks for a log-in, which is only possible by HTTPS. Use an address that begins with https://."},
		{"需要 HTTPS", "此内容要求登录，而登录只能通过 HTTPS 进行。请使用以 https:// 开头的地址。"},
	}}
	ownHost = &Page{http.StatusForbidden, [2]text{
		{"Not at this address", "This asks for a log-in, which is not possible where several services share a host. Ask whoever publishes it for its own address."},
		{"不能通过此地址访问", "此内容要求登录，而多个服务共用一个主机名时无法登录。请向发布者询问它自己的地址。"},
	}}
	expired = &Page{http.StatusForbidden, [2]text{
		{"This link is used up", "It is good once, for a short time, and in one browser. Open the address of the website again."},
		{"此链接已失效", "它只能在短时间内、在同一个浏览器中使用一次。请重新打开网站地址。"},
	}}
	tooMany = &Page{http.StatusTooManyRequests, [2]text{
		{"Too many tries", "There were too many wrong passwords from your network. Try again in a moment."},
		{"尝试次数过多", "来自您所在网络的错误密码过多。请稍后再试。"},
	}}
	unready = &Page{http.StatusServiceUnavailable, [2]text{
		{"The gateway is not ready", "It starts or stops just now, or its database cannot be reached. Try again in a moment."},
		{"网关尚未就绪", "网关正在启动或停止，或暂时无法访问数据库。请稍后再试。"},
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
	switch p.Status {
	case http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusTooManyRequests:
		h.Set("Retry-After", retryAfter)
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(p.Status)
		_, _ = w.Write([]byte(t.Title + [...]string{". ", "。"}[at] + t.Body + "\n")) // or the visitor has gone
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
