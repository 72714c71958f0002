// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// TestHostGames: only the published name leads to the service, and no name leads
// anywhere else.
func TestHostGames(t *testing.T) {
	x := openShop(t)
	for host, served := range map[string]bool{
		"shop.apps.localhost":                  true,
		"shop.apps.localhost:1":                true, // the port says nothing
		"sHOp.Apps.LOCALHOST":                  true,
		"shop.apps.localhost:":                 true,
		"shop.apps.localhost:@evil":            false, // a link to evil, if a service makes one
		"shop.apps.localhost:80@evil":          false,
		"shop.apps.localhost:-1":               false,
		"shop.apps.localhost:x":                false,
		"shop.apps.localhost:80:80":            false,
		"shop.apps.localhost.":                 false,
		"shop.apps.localhost..":                false,
		".shop.apps.localhost":                 false,
		"shop..apps.localhost":                 false,
		"user@shop.apps.localhost":             false,
		"user:pw@shop.apps.localhost":          false,
		"shop.apps.localhost@evil":             false,
		"evil#@shop.apps.localhost":            false,
		"shop.apps.localhost/":                 false,
		"shop.apps.localhost/x":                false,
		"shop.apps.localhost?x":                false,
		"shop.apps.localhost#":                 false,
		"shop.apps.localhost\\.evil":           false,
		"shop.apps.localhost,evil":             false,
		"shop.apps.localhost evil":             false,
		"shop.apps.localhost\tevil":            false,
		"http://shop.apps.localhost":           false,
		"%73hop.apps.localhost":                false,
		"shop%2eapps.localhost":                false,
		"shop.apps.localhost%00":               false,
		"shop.apps.localhost%0d%0aX:y":         false,
		"\u017fhop.apps.localhost":             false, // a long s
		"\uff53hop.apps.localhost":             false, // a wide one
		"\u0455hop.apps.localhost":             false, // a Cyrillic one
		"shop\u3002apps\u3002localhost":        false, // ideographic full stops
		"shop\uff0eapps.localhost":             false,
		"sho\u00adp.apps.localhost":            false, // a soft hyphen
		"xn--hop-m2a.apps.localhost":           false,
		"xn--shop-.apps.localhost":             false,
		"*.apps.localhost":                     false,
		"apps.localhost":                       false,
		"":                                     false,
		"localhost":                            false,
		"LOCALHOST":                            false,
		"localhost.":                           false,
		"shop.localhost":                       false,
		"metadata.google.internal":             false,
		"metadata":                             false,
		"instance-data.ec2.internal":           false,
		"127.0.0.1":                            false,
		"127.1":                                false,
		"127.000.000.001":                      false,
		"2130706433":                           false,
		"0x7f000001":                           false,
		"0x7f.0.0.1":                           false,
		"017700000001":                         false,
		"0177.0.0.1":                           false,
		"0":                                    false,
		"0.0.0.0":                              false,
		"127.0.0.1.nip.io":                     false,
		"[::1]":                                false,
		"[::]":                                 false,
		"[0:0:0:0:0:0:0:1]":                    false,
		"[::ffff:127.0.0.1]":                   false,
		"[::ffff:7f00:1]":                      false,
		"[::1%25lo]":                           false,
		"::1":                                  false,
		"169.254.169.254":                      false,
		"2852039166":                           false,
		"0xa9fea9fe":                           false,
		"0251.0376.0251.0376":                  false,
		"[::ffff:169.254.169.254]":             false,
		"[fd00:ec2::254]":                      false,
		"home.apps.localhost":                  false,
		"web.apps.localhost":                   false,
		"secret.apps.localhost":                false, // the client has such a service
		"secret-home.apps.localhost":           false,
		"secret.home.apps.localhost":           false,
		"secret.home":                          false,
		"culvert/secret.home":                  false,
		"culvert/secret.home:80":               false,
		"culvert/web.home":                     false,
		fmt.Sprintf("127.0.0.1:%d", x.private): false,
		fmt.Sprintf("localhost:%d", x.private): false,
		fmt.Sprintf("[::ffff:127.0.0.1]:%d", x.private):  false,
		fmt.Sprintf("2130706433:%d", x.private):          false,
		fmt.Sprintf("127.0.0.1:%d", x.recorder.port):     false,
		fmt.Sprintf("shop.apps.localhost@%s", x.addr):    false,
		fmt.Sprintf("shop.apps.localhost:%d", x.private): true, // it is ours, and no port
	} {
		statuses := x.says(t, fmt.Sprintf("GET /host HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host))
		x.check(t, "Host: "+host, statuses, served)
	}
	const close = "Connection: close\r\n\r\n"
	own := "Host: " + x.host + "\r\n"
	for name, tc := range map[string]struct {
		send   string
		served bool
	}{
		"no host":                         {"GET /host HTTP/1.1\r\n" + close, false},
		"no host in HTTP/1.0":             {"GET /host HTTP/1.0\r\n" + close, false},
		"two hosts":                       {"GET /host HTTP/1.1\r\n" + own + "Host: evil\r\n" + close, false},
		"two hosts, ours last":            {"GET /host HTTP/1.1\r\nHost: evil\r\n" + own + close, false},
		"our host twice":                  {"GET /host HTTP/1.1\r\n" + own + own + close, false},
		"a list of hosts":                 {"GET /host HTTP/1.1\r\nHost: " + x.host + ", " + x.host + "\r\n" + close, false},
		"a space before the colon":        {"GET /host HTTP/1.1\r\nHost : " + x.host + "\r\n" + close, false},
		"a folded host":                   {"GET /host HTTP/1.1\r\nHost:\r\n evil\r\n" + close, false},
		"a folded second host":            {"GET /host HTTP/1.1\r\n" + own + " Host: evil\r\n" + close, false},
		"the target names another host":   {"GET http://evil/host HTTP/1.1\r\n" + own + close, false},
		"the target names a private port": {fmt.Sprintf("GET http://127.0.0.1:%d/host HTTP/1.1\r\n", x.private) + own + close, false},
		"the target names ours":           {"GET http://" + x.host + "/host HTTP/1.1\r\nHost: evil\r\n" + close, true},
		"the target names ours, no host":  {"GET http://" + x.host + "/host HTTP/1.1\r\n" + close, false},
		"a target without a path":         {"GET evil HTTP/1.1\r\n" + own + close, false},
		"a target with userinfo":          {"GET http://" + x.host + "@evil/host HTTP/1.1\r\n" + own + close, false},
		"a target of another scheme":      {"GET gopher://evil/host HTTP/1.1\r\n" + own + close, false},
		"CONNECT":                         {fmt.Sprintf("CONNECT 127.0.0.1:%d HTTP/1.1\r\n", x.private) + own + close, false},
	} {
		x.check(t, name, x.says(t, tc.send), tc.served)
	}
	if n := x.reached.Load(); n > 0 {
		t.Errorf("a service that is not published was reached %d times", n)
	}
}

// check fails unless the service has seen the one good request, or nothing.
func (x *shop) check(t *testing.T, name string, statuses []int, served bool) {
	t.Helper()
	arrived, unclear := x.take()
	var want []string
	if served {
		want = []string{"GET /host "}
	}
	// What nobody is asked about is no failure of somebody's either.
	failed := slices.ContainsFunc(statuses, func(s int) bool { return s >= http.StatusInternalServerError })
	if !slices.Equal(texts(arrived), want) || len(unclear) > 0 || failed || len(statuses) != 1 {
		t.Errorf("%s: answered with %d, the service sees %q, want %q; unclear: %q", name, statuses, texts(arrived), want, unclear)
	}
	for _, a := range arrived {
		if host, _, _ := strings.Cut(a.header.Get("Host"), ":"); !strings.EqualFold(host, x.host) {
			t.Errorf("%s: the service sees the host %q", name, host)
		}
	}
}

// TestProvidersOwnWord: the provider's own configuration may name what no visitor
// can.
func TestProvidersOwnWord(t *testing.T) {
	x := openShop(t)
	spellings := []string{"localhost", "127.0.0.1", "::ffff:127.0.0.1"}
	var list []wire.Service
	for i, spelling := range spellings {
		service := published(fmt.Sprint("web", i), x.recorder.port, "")
		service.LocalHost, service.Publish.Host = spelling, fmt.Sprint("own", i)
		list = append(list, service)
	}
	x.client(t, tunnel.Config{ClientID: "own", Key: newKey(t), Services: list})
	for i, spelling := range spellings {
		x.host = fmt.Sprintf("own%d.apps.localhost", i)
		x.check(t, spelling, x.says(t, "GET /host HTTP/1.1\r\nHost: "+x.host+"\r\nConnection: close\r\n\r\n"), true)
	}
}

// TestForwardingHeaders: what the service is told of the visitor is the gateway's
// word, whatever the visitor says.
func TestForwardingHeaders(t *testing.T) {
	x := openShop(t)
	const spoofed = "192.0.2.1"
	for name, lines := range map[string]string{
		"none":                 "",
		"spoofed":              "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\n",
		"in odd case":          "x-fORWARDED-fOR: 192.0.2.1\r\n",
		"twice":                "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\n",
		"empty":                "X-Forwarded-For:\r\nX-Forwarded-Proto:\r\n",
		"hop by hop":           "Connection: X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto\r\n",
		"hop by hop, spoofed":  "Connection: close, x-forwarded-for\r\nX-Forwarded-For: 192.0.2.1\r\n",
		"hop by hop Host":      "Connection: Host, Content-Length, Via\r\n",
		"with underscores":     "X_Forwarded_For: 192.0.2.1\r\nX-Forwarded_Host: 192.0.2.1\r\nX_FORWARDED_PROTO: 192.0.2.1\r\n",
		"length by underscore": "Content_Length: 3\r\nTransfer_Encoding: 192.0.2.1\r\n",
		"h2c":                  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
		"h2c in a list":        "Connection: Upgrade\r\nUpgrade: websocket, H2C\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
		"h2c, second line":     "Connection: Upgrade\r\nUpgrade: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
	} {
		send := "GET /host HTTP/1.1\r\nHost: " + x.host + "\r\n" + lines
		statuses := x.says(t, send+"Connection: close\r\n\r\n")
		arrived, unclear := x.take()
		if !slices.Equal(statuses, []int{http.StatusOK}) || len(arrived) != 1 || len(unclear) > 0 {
			t.Errorf("%s: answered with %d; the service sees %q; unclear: %q", name, statuses, arrived, unclear)
			continue
		}
		h := arrived[0].header
		for field, want := range map[string]string{
			"Host": x.host, "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": x.host, "X-Forwarded-Proto": "http",
			"Connection": "", "Upgrade": "", "Http2-Settings": "", "Content-Length": "", "Transfer-Encoding": "",
		} {
			if got := h[field]; strings.Join(got, "|") != want {
				t.Errorf("%s: the service sees %s: %q, want %q", name, field, got, want)
			}
		}
		for field, values := range h {
			if slices.Contains(values, spoofed) || strings.Contains(field, "_") {
				t.Errorf("%s: the service sees %s: %q", name, field, values)
			}
		}
	}
}
