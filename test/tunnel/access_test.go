// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

// boutique is a website that alice publishes, at a gateway on this machine.
type boutique struct {
	*site
	alice, bob *person
	port       int // of what is published
	host, url  string
}

func openBoutique(t *testing.T, option string) *boutique {
	t.Helper()
	s := &boutique{site: startSite(t, ""), port: process.FreePort(t)}
	s.culvert = fmt.Sprintf("publish http://*.apps.localhost:%d http://:%[1]d\n%s", s.port, option)
	s.extra = fmt.Sprintf("http://*.apps.localhost:%d, http://:%[1]d {\nculvert_publish\n}", s.port)
	s.load(t)
	s.alice, s.bob = s.people(t)
	service := published("web", echoHeaders(t), "")
	service.Publish.Host = "shop"
	cl, _ := s.alice.client(t, tunnel.Config{ClientID: "home", Key: newKey(t), Services: []wire.Service{service}})
	s.host = fmt.Sprintf("shop-alice.apps.localhost:%d", s.port)
	if s.url = cl.Status().Services[0].URL; s.url != "http://"+s.host {
		t.Fatalf("the shop is at %q", s.url)
	}
	return s
}

// echoHeaders answers with what a request has come with, and echoes WebSockets.
func echoHeaders(t *testing.T) int {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if websocket.IsWebSocketUpgrade(r) {
			echoSocket(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, "user %q%q authorization %q cookie %q uri %s",
			r.Header[publish.UserHeader], r.Header["Culvert_user"], r.Header["Authorization"], r.Header["Cookie"], r.RequestURI)
	}))
}

// visitor is a browser, or a program.
type visitor struct {
	t       *testing.T
	http    http.Client
	browser bool
}

func newVisitor(t *testing.T, browser bool) *visitor {
	t.Helper()
	return newVisitorFrom(t, browser, "127.0.0.1")
}

// newVisitorFrom finds all hosts at one address.
func newVisitorFrom(t *testing.T, browser bool, from string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		_, port, _ := net.SplitHostPort(addr)
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		return d.DialContext(ctx, network, "127.0.0.1:"+port)
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t: t, browser: browser, http: http.Client{
		Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// get asks for a page with pairs of headers.
func (v *visitor) get(at string, headers ...string) (*http.Response, string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, at, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	if v.browser {
		r.Header.Set("Accept", "text/html,*/*")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header[headers[i]] = append(r.Header[headers[i]], headers[i+1]) // as it is spelled
	}
	resp, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp, string(b)
}

// want checks how a page is answered.
func (v *visitor) want(status int, text, at string, headers ...string) {
	v.t.Helper()
	if resp, got := v.get(at, headers...); resp.StatusCode != status || !strings.Contains(got, text) {
		v.t.Errorf("%s %q: %s %s; want %d %s", at, headers, resp.Status, got, status, text)
	}
}

// rules sets who may come to alice's shop.
func (s *boutique) rules(t *testing.T, rules map[string]any) {
	t.Helper()
	s.alice.call(t, "PUT", "/published/shop-alice/access", rules, nil)
}

// TestPasswordOfAWebsite: no page without it, nothing of it at the service, an end
// of guessing, and another password shuts out who had the old one at once.
func TestPasswordOfAWebsite(t *testing.T) {
	s := openBoutique(t, "")
	v := newVisitor(t, true)
	v.want(200, `user [][] authorization ["Basic eDp5"]`, s.url, "Authorization", "Basic eDp5", publish.UserHeader, "root", "Culvert_user", "root")
	s.rules(t, map[string]any{"mode": "password", "password": "open sesame"})
	basic := func(password string) []string {
		r := &http.Request{Header: make(http.Header)}
		r.SetBasicAuth("anybody", password)
		return []string{"Authorization", r.Header.Get("Authorization")}
	}
	if resp, _ := v.get(s.url); resp.StatusCode != 401 || !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	v.want(401, "A password is needed", s.url, basic("open")...)
	v.want(200, "user [][] authorization []", s.url, basic("open sesame")...)

	// A WebSocket that is open when the rules change ends; so it is with a log-out.
	ws := s.talk(t, v, basic("open sesame")...)
	s.rules(t, map[string]any{"mode": "password", "password": "closed sesame"})
	ws.wantEnd(t)
	v.want(401, "", s.url, basic("open sesame")...)
	v.want(200, "", s.url, basic("closed sesame")...)
	guessed := false
	for i := range 30 {
		if resp, _ := v.get(s.url, basic(fmt.Sprint("guess ", i))...); resp.StatusCode == 429 {
			guessed = resp.Header.Get("Retry-After") != ""
			break
		}
	}
	if !guessed {
		t.Error("one can guess for ever")
	}
	v.want(200, "", s.url, basic("closed sesame")...) // who knows it is not held up
	s.rules(t, map[string]any{"mode": "open"})
	v.want(200, "", s.url)
}

// talk is a WebSocket that works.
type talk struct{ *websocket.Conn }

func (s *boutique) talk(t *testing.T, v *visitor, headers ...string) talk {
	t.Helper()
	h := make(http.Header)
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	d := websocket.Dialer{Jar: v.http.Jar, NetDialContext: v.http.Transport.(*http.Transport).DialContext}
	ws, _, err := d.DialContext(t.Context(), strings.Replace(s.url, "http", "ws", 1), h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	if err := ws.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := ws.ReadMessage(); err != nil || string(got) != "hello" {
		t.Fatalf("%q, %v", got, err)
	}
	return talk{ws}
}

// wantEnd fails if it goes on.
func (c talk) wantEnd(t *testing.T) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _, err := c.ReadMessage()
	if late, ok := err.(net.Error); err == nil || ok && late.Timeout() { //nolint:errorlint // gorilla's own
		t.Errorf("the WebSocket goes on: %v", err)
	}
}

// TestLogInToAWebsite walks the way of a browser: to the gateway, and back with a
// ticket that is good once, there, and in this browser.
func TestLogInToAWebsite(t *testing.T) {
	s := openBoutique(t, "")
	s.rules(t, map[string]any{"mode": "login"})
	browser, program := newVisitor(t, true), newVisitor(t, false)
	program.want(401, "A log-in is needed", s.url)
	browser.want(401, "", s.url, "Sec-Fetch-Mode", "cors")
	browser.want(401, "", s.url, "Cookie", "culvert-visit=made.up.entirely", "Sec-Fetch-Mode", "cors")

	// letIn goes there as a person who is logged in, and says yes.
	letIn := func(v *visitor, p *person, path string) (ticket string) {
		t.Helper()
		resp, _ := v.get(s.url + path)
		at, err := url.Parse(resp.Header.Get("Location"))
		if err != nil || resp.StatusCode != 303 || at.Path != "/visit" || at.RawQuery != "" || !strings.HasPrefix(at.String(), s.site.url().String()) {
			t.Fatalf("sent to %s, %v: %s", at, err, resp.Status)
		}
		q, err := url.ParseQuery(at.EscapedFragment())
		if err != nil {
			t.Fatal(err)
		}
		var visit struct{ URL string }
		p.call(t, "POST", "/visits", map[string]any{"host": q.Get("host"), "state": q.Get("state"), "to": q.Get("to")}, &visit)
		return visit.URL
	}
	ticket := letIn(browser, s.bob, "/a?b=c&d")
	other := newVisitor(t, true)
	other.want(403, "used up", ticket) // stolen
	other.want(303, "", s.url)
	other.want(403, "used up", ticket) // with a state of its own
	browser.want(403, "used up", ticket)
	ticket = letIn(browser, s.bob, "/a?b=c&d")
	if resp, _ := browser.get(ticket); resp.StatusCode != 303 || resp.Header.Get("Location") != "/a?b=c&d" {
		t.Fatalf("%s, %v", resp.Status, resp.Header)
	}
	browser.want(403, "used up", ticket)
	browser.want(200, `user ["bob"][] authorization ["Basic eDp5"] cookie ["mine=1"] uri /a?b=c&d`, s.url+"/a?b=c&d",
		"Authorization", "Basic eDp5", publish.UserHeader, "root", "Culvert_user", "root", "Cookie", "mine=1")
	// Pages of others may not use the log-in, not even those of the same site.
	browser.want(200, "", s.url, "Origin", "http://evil-bob.apps.localhost", "Sec-Fetch-Site", "same-site") // to look, which CORS decides
	for origin, want := range map[string]int{"http://" + s.host: 200, "http://evil-bob.apps.localhost:1": 403, "null": 403} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", origin)
		resp, err := browser.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		d := websocket.Dialer{Jar: browser.http.Jar, NetDialContext: browser.http.Transport.(*http.Transport).DialContext}
		ws, answer, err := d.DialContext(t.Context(), strings.Replace(s.url, "http", "ws", 1), http.Header{"Origin": {origin}})
		if resp.StatusCode != want || (err == nil) != (want == 200) || err != nil && answer.StatusCode != want {
			t.Errorf("from %s: %s, WebSocket %v", origin, resp.Status, err)
		}
		if err == nil {
			_ = ws.Close()
		}
	}
	for _, to := range []string{"//evil.example", "https://evil.example", "/\\evil.example", "evil", ""} {
		v := newVisitor(t, true)
		back, err := url.Parse(letIn(v, s.bob, "/"))
		if err != nil {
			t.Fatal(err)
		}
		q := back.Query()
		q.Set("to", to)
		back.RawQuery = q.Encode()
		if resp, _ := v.get(back.String()); resp.Header.Get("Location") != "/" {
			t.Errorf("%q leads to %q", to, resp.Header.Get("Location"))
		}
	}

	// Who it is not for, and who logs out, is out.
	ws := s.talk(t, browser)
	s.rules(t, map[string]any{"mode": "login", "visitors": []string{"alice"}})
	ws.wantEnd(t)
	browser.want(403, "Not for your account", s.url)
	s.rules(t, map[string]any{"mode": "login", "visitors": []string{"bob"}})
	owner := newVisitor(t, true)
	owner.get(letIn(owner, s.alice, "/"))
	owner.want(200, `user ["alice"]`, s.url)
	ws = s.talk(t, browser)
	s.bob.call(t, "POST", "/auth/logout", nil, nil)
	ws.wantEnd(t)
	browser.want(303, "", s.url)
	owner.want(200, "", s.url)

	// What has happened is listed, without what may be secret.
	var list struct {
		Items []struct {
			Path, Visitor string
			Status        int
			Open          bool
		}
	}
	s.alice.call(t, "GET", "/published/shop-alice/requests", nil, &list)
	if len(list.Items) == 0 || list.Items[0].Status != 200 || list.Items[0].Visitor != "alice" || list.Items[0].Open {
		t.Errorf("got %+v", list.Items)
	}
	for _, q := range list.Items {
		if strings.Contains(q.Path, "?") {
			t.Errorf("%q has a query", q.Path)
		}
	}
}

// TestAddressLists: who may not come by address, to names and to ports; and
// blocking an address ends what is open.
func TestAddressLists(t *testing.T) {
	port := process.FreePort(t)
	s := openBoutique(t, fmt.Sprintf("ports tcp %d-%[1]d", port))
	v := newVisitor(t, true)
	for _, tc := range []struct {
		allow, deny []string
		want        int
	}{
		{nil, []string{"127.0.0.1"}, 403},
		{nil, []string{"127.0.0.0/8"}, 403},
		{nil, []string{"192.0.2.1"}, 200},
		{[]string{"192.0.2.1"}, nil, 403},
		{[]string{"192.0.2.1", "127.0.0.0/24"}, nil, 200},
		{[]string{"127.0.0.1"}, []string{"127.0.0.1"}, 403},
	} {
		s.rules(t, map[string]any{"mode": "open", "allow": tc.allow, "deny": tc.deny})
		v.want(tc.want, "", s.url)
	}
	s.rules(t, map[string]any{"mode": "open"})

	echo := published("echo", echoHeaders(t), "")
	echo.Protocol, echo.Publish.TCP = wire.ServiceTCP, new(int)
	s.alice.client(t, tunnel.Config{ClientID: "shed", Key: newKey(t), Services: []wire.Service{echo}})
	reach := func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if isReset(err) { // before Dial has looked
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
		if err == nil {
			_, err = io.ReadFull(c, make([]byte, 1))
		}
		return err == nil
	}
	if !reach() {
		t.Error("the port is closed")
	}
	s.alice.call(t, "PUT", fmt.Sprintf("/published/tcp:%d/access", port), map[string]any{"mode": "open", "deny": []string{"127.0.0.1"}}, nil)
	if reach() {
		t.Error("the port is open")
	}
	far := newVisitorFrom(t, true, "127.0.0.9")
	near, ws := s.talk(t, v), s.talk(t, far)
	s.alice.call(t, "POST", "/admin/blocks", map[string]any{"prefix": "127.0.0.9"}, nil)
	ws.wantEnd(t)
	far.want(403, "", s.url)
	if err := near.WriteMessage(websocket.TextMessage, []byte("x")); err != nil {
		t.Error(err)
	}
	if _, _, err := near.ReadMessage(); err != nil {
		t.Errorf("of another address: %v", err)
	}
}

// TestPortsAreCounted: who is at a port now, and was, encrypted, bare and by UDP.
func TestPortsAreCounted(t *testing.T) {
	low := process.FreePort(t)
	s := startSite(t, fmt.Sprintf("ports tcp %d-%d\nports udp %[1]d-%[1]d", low, low+1))
	alice, _ := s.people(t)
	ln := listen(t)
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	go func() {
		b := make([]byte, 100)
		for {
			n, from, err := pc.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = pc.WriteTo(b[:n], from)
		}
	}()
	dns := wire.Service{
		ID: "udp", Protocol: wire.ServiceUDP, LocalHost: "127.0.0.1", LocalPort: pc.LocalAddr().(*net.UDPAddr).Port, //nolint:forcetypeassert // it is
		Publish: &wire.Publish{UDP: new(int)},
	}
	alice.client(t, tunnel.Config{ClientID: "home", Key: newKey(t), Services: []wire.Service{
		atPort("tls", ln, low, ""), atPort("bare", ln, low+1, wire.EncryptionNone), dns,
	}})
	counts := func() string {
		var list struct {
			Items []struct {
				Service        string
				Open, Requests int
			}
		}
		alice.call(t, "GET", "/published", nil, &list)
		out := ""
		for _, v := range list.Items {
			out += fmt.Sprintf("%s %d/%d ", v.Service, v.Open, v.Requests)
		}
		return out
	}
	becomes := func(want string) {
		t.Helper()
		got := ""
		for range 400 {
			if got = counts(); got == want {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("it is %q, want %q", got, want)
	}
	becomes("tls 0/0 bare 0/0 udp 0/0 ")
	for range 2 {
		for i := range 2 {
			app, service := connect(t, fmt.Sprintf("127.0.0.1:%d", low+i), ln)
			defer app.Close()
			defer service.Close()
		}
	}
	u, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", low))
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if err := u.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := u.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := u.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	becomes("tls 2/2 bare 2/2 udp 1/1 ")
	for i := range 2 {
		app, service := connect(t, fmt.Sprintf("127.0.0.1:%d", low+i), ln)
		_, _ = app.Close(), service.Close() // which is what counts
	}
	becomes("tls 2/3 bare 2/3 udp 1/1 ")
}

// records is a DNS server of the test's, with TXT records by name.
type records struct{ sync.Map }

func serveRecords(t *testing.T) (*records, string) {
	t.Helper()
	r := new(records)
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var tasks sync.WaitGroup
	t.Cleanup(func() { _ = pc.Close(); tasks.Wait() })
	tasks.Go(func() {
		b := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(b)
			if err != nil {
				return
			}
			if answer := r.answer(b[:n]); answer != nil {
				_, _ = pc.WriteTo(answer, from) // or it is asked again
			}
		}
	})
	return r, pc.LocalAddr().String()
}

func (r *records) answer(question []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	m.Response, m.Additionals, m.RCode = true, nil, dnsmessage.RCodeNameError
	q := m.Questions[0]
	if v, ok := r.Load(q.Name.String()); ok && q.Type == dnsmessage.TypeTXT {
		m.RCode = dnsmessage.RCodeSuccess
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
			Body:   &dnsmessage.TXTResource{TXT: []string{v.(string)}},
		}}
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}

// TestDomainOfOnesOwn: nothing is there before the proof; then it is, at once and
// without a word of the client's; and not any more when the domain is given up.
func TestDomainOfOnesOwn(t *testing.T) {
	dns, at := serveRecords(t)
	s := openBoutique(t, "resolver "+at)
	service := published("own", echoHeaders(t), "")
	service.Publish.Host = "WWW.Example.org"
	cl, _ := s.bob.client(t, tunnel.Config{ClientID: "home", Key: newKey(t), Services: []wire.Service{service}})
	site := fmt.Sprintf("http://www.example.org:%d", s.port)
	v := newVisitor(t, true)
	v.want(404, "Nothing is published", site)
	status := func(url, problem string) {
		t.Helper()
		var got tunnel.ServiceStatus
		for range 200 { // the client is told, and nobody waits for that
			if got = cl.Status().Services[0]; got.URL == url && strings.Contains(got.PublishError, problem) && (problem != "") == (got.PublishError != "") {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("the client says %q, %q; want %q, %q", got.URL, got.PublishError, url, problem)
	}
	status("", "_culvert.www.example.org")
	var proof struct{ Value string }
	s.bob.call(t, "GET", "/domains/proof", nil, &proof)
	dns.Store("_culvert.www.example.org.", proof.Value)
	s.bob.call(t, "POST", "/domains", map[string]any{"name": "www.example.org"}, nil)
	v.want(200, "", site)
	status(site, "")
	v.want(404, "", strings.Replace(site, "www", "other", 1))
	s.load(t) // a reload
	v.want(200, "", site)
	s.bob.call(t, "DELETE", "/domains/www.example.org", nil, nil)
	v.want(404, "Nothing is published", site)
	status("", "_culvert.www.example.org")
}
