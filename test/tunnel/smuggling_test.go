// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

// shop is a gateway with a published website, shop, whose service is a
// recorder.
type shop struct {
	*site
	*recorder
	addr string // of the site for names
	host string // the published one, without the port
	// private is a port of the provider's machine that is offered to its other
	// clients and not to the public; reached counts who came all the same.
	private int
	reached atomic.Int64
}

func openShop(t *testing.T) *shop {
	t.Helper()
	x := &shop{site: startSite(t, ""), recorder: newRecorder(t), host: "shop.apps.localhost"}
	public := process.FreePort(t)
	x.addr = fmt.Sprintf("127.0.0.1:%d", public)
	x.global = "servers {\nprotocols h1 h2c\n}"
	x.culvert = fmt.Sprintf("publish http://*.apps.localhost:%d", public)
	x.extra = fmt.Sprintf("http://*.apps.localhost:%d {\nculvert_publish\n}", public)
	x.load(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	x.private = ln.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			x.reached.Add(1)
			_ = c.Close()
		}
	}()
	service := published("web", x.recorder.port, "")
	service.Publish.Host = "shop"
	x.client(t, tunnel.Config{ClientID: "home", Key: newKey(t), Services: []wire.Service{
		service, {ID: "secret", Protocol: wire.ServiceHTTP, LocalHost: "127.0.0.1", LocalPort: x.private},
	}})
	return x
}

// says sends bytes and returns the statuses of the answers, until the gateway
// closes the connection.
func (x *shop) says(t *testing.T, bytes string) (statuses []int) {
	t.Helper()
	c, err := net.Dial("tcp", x.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, bytes); err != nil {
		t.Fatal(err)
	}
	for in := bufio.NewReader(c); ; {
		resp, err := http.ReadResponse(in, nil)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), isReset(err): // bytes that nobody read make it a reset
			return statuses
		case err != nil:
			t.Fatalf("after %d: %v", statuses, err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil && !isReset(err) {
			t.Fatalf("after %d: %v", statuses, err)
		}
		_ = resp.Body.Close()
		statuses = append(statuses, resp.StatusCode)
	}
}

// attack is what a visitor sends before a good request for /last, and what
// comes of all that: the gateway's answers, and what the service sees.
type attack struct {
	name string
	send string // @ stands for the host's line, with its CRLF
	want []int
	seen []string
}

const last = "GET /last HTTP/1.1\r\n@Connection: close\r\n\r\n"

// The answers. Where there is but one, the gateway has closed the connection, so
// that what came behind is nobody's request.
var (
	both    = []int{http.StatusOK, http.StatusOK}
	one     = []int{http.StatusOK}
	refused = []int{http.StatusBadRequest}
	unknown = []int{http.StatusNotImplemented}
	broken  = []int{http.StatusBadGateway} // it had been passed on when it broke; the service sees it cut short
)

var attacks = []attack{
	{"a good request", "POST /a HTTP/1.1\r\n@Content-Length: 5\r\n\r\nhello", both, []string{"POST /a hello", "GET /last "}},
	{"in chunks", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", one, []string{"POST /a hello"}},

	// Both lengths.
	{"CL.TE", "POST /a HTTP/1.1\r\n@Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX", one, []string{"POST /a "}},
	{"TE.CL", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5\r\nhello\r\n0\r\n\r\n", one, []string{"POST /a hello"}},
	{"CL.TE with a request inside", "POST /a HTTP/1.1\r\n@Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n@\r\n", one, []string{"POST /a "}},
	{"TE.CL with a request inside", "POST /a HTTP/1.1\r\n@Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n30\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\nX-Ignore: 1\r\n\r\n\r\n0\r\n\r\n", one, []string{"POST /a GET /smuggled HTTP/1.1\r\nHost: x\r\nX-Ignore: 1\r\n\r\n"}},
	{"TE with a CL of zero", "POST /a HTTP/1.1\r\n@Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", one, []string{"POST /a hello"}},

	// Codings that one server knows and another does not.
	{"chunked, identity", "POST /a HTTP/1.1\r\n@Content-Length: 5\r\nTransfer-Encoding: chunked, identity\r\n\r\nhello", unknown, nil},
	{"identity", "POST /a HTTP/1.1\r\n@Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\nhello", unknown, nil},
	{"xchunked", "POST /a HTTP/1.1\r\n@Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\nhello", unknown, nil},
	{"gzip, chunked", "POST /a HTTP/1.1\r\n@Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", unknown, nil},
	{"chunked twice in a line", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", unknown, nil},
	{"chunked in two lines", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", unknown, nil},
	{"chunked and x in two lines", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", unknown, nil},
	{"a coding that is empty", "POST /a HTTP/1.1\r\n@Content-Length: 5\r\nTransfer-Encoding:\r\n\r\nhello", unknown, nil},
	{"in quotes", "POST /a HTTP/1.1\r\n@Content-Length: 5\r\nTransfer-Encoding: \"chunked\"\r\n\r\nhello", unknown, nil},
	{"behind a tab", "POST /a HTTP/1.1\r\n@Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", one, []string{"POST /a "}},
	{"before a tab", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n", one, []string{"POST /a "}},
	{"behind a vertical tab", "POST /a HTTP/1.1\r\n@Content-Length: 5\r\nTransfer-Encoding: \vchunked\r\n\r\nhello", refused, nil},
	{"in capitals", "POST /a HTTP/1.1\r\n@Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n", one, []string{"POST /a "}},
	{"a long s for s", "POST /a HTTP/1.1\r\n@Content-Length: 5\r\nTran\u017ffer-Encoding: chunked\r\n\r\nhello", refused, nil},
	{"an underscore for a hyphen", "POST /a HTTP/1.1\r\n@Content-Length: 5\r\nTransfer_Encoding: chunked\r\n\r\nhello", both, []string{"GET /last ", "POST /a hello"}},
	{"HTTP/1.0 in chunks", "POST /a HTTP/1.0\r\n@Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", one, []string{"POST /a "}},

	// Lines.
	{"a space before the colon", "POST /a HTTP/1.1\r\n@Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\nhello", refused, nil},
	{"a tab before the colon", "POST /a HTTP/1.1\r\n@Transfer-Encoding\t: chunked\r\nContent-Length: 5\r\n\r\nhello", refused, nil},
	{"a space before the name", "POST /a HTTP/1.1\r\n@ Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello", refused, nil},
	{"a space before the first name", "POST /a HTTP/1.1\r\n Transfer-Encoding: chunked\r\n@Content-Length: 5\r\n\r\nhello", refused, nil},
	{"a folded line", "POST /a HTTP/1.1\r\n@X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello", both, []string{"GET /last ", "POST /a hello"}},
	{"a folded coding", "POST /a HTTP/1.1\r\n@Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", one, []string{"POST /a "}},
	{"no colon", "POST /a HTTP/1.1\r\n@Transfer-Encoding chunked\r\nContent-Length: 5\r\n\r\nhello", refused, nil},
	{"no name", "POST /a HTTP/1.1\r\n@: chunked\r\nContent-Length: 5\r\n\r\nhello", refused, nil},
	{"a bare CR in a value", "GET /a HTTP/1.1\r\n@X: y\rTransfer-Encoding: chunked\r\n\r\n", refused, nil},
	{"a bare CR in a name", "GET /a HTTP/1.1\r\n@X\rY: z\r\n\r\n", refused, nil},
	{"a bare CR before the end", "GET /a HTTP/1.1\r\n@X: y\r\r\n\r\n", refused, nil},
	{"bare CRs for the end", "GET /a HTTP/1.1\r\n@X: y\r\rGET /smuggled HTTP/1.1\r\n@\r\n", refused, nil},
	{"a bare LF in a value", "GET /a HTTP/1.1\r\n@X: y\nZ: GET /smuggled HTTP/1.1\r\n\r\n", both, []string{"GET /a ", "GET /last "}},
	{"bare LFs throughout", "GET /a HTTP/1.1\n@X: y\n\n", both, []string{"GET /a ", "GET /last "}},
	{"NUL in a value", "GET /a HTTP/1.1\r\n@X: y\x00z\r\n\r\n", refused, nil},
	{"NUL in a name", "GET /a HTTP/1.1\r\n@X\x00Y: z\r\n\r\n", refused, nil},
	{"a bare CR in the request line", "GET /a\rb HTTP/1.1\r\n@\r\n", refused, nil},
	{"a request line with two targets", "GET /a /smuggled HTTP/1.1\r\n@\r\n", refused, nil},
	{"tabs in the request line", "GET\t/a\tHTTP/1.1\r\n@\r\n", refused, nil},
	{"NUL in the target", "GET /a\x00b HTTP/1.1\r\n@\r\n", refused, nil},
	{"a request inside the target", "GET /a%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0aGET%20/smuggled HTTP/1.1\r\n@\r\n", both, []string{"GET /a%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0aGET%20/smuggled ", "GET /last "}},
	{"HTTP/1.2", "GET /a HTTP/1.2\r\n@\r\n", both, []string{"GET /a ", "GET /last "}},
	{"HTTP/0.9", "GET /a\r\n@\r\n", refused, nil},

	// Lengths.
	{"two lengths", "POST /a HTTP/1.1\r\n@Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", refused, nil},
	{"one length twice", "POST /a HTTP/1.1\r\n@Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", both, []string{"GET /last ", "POST /a hello"}},
	{"a list of lengths", "POST /a HTTP/1.1\r\n@Content-Length: 5, 5\r\n\r\nhello", refused, nil},
	{"+5", "POST /a HTTP/1.1\r\n@Content-Length: +5\r\n\r\nhello", refused, nil},
	{"-5", "POST /a HTTP/1.1\r\n@Content-Length: -5\r\n\r\nhello", refused, nil},
	{"0x5", "POST /a HTTP/1.1\r\n@Content-Length: 0x5\r\n\r\nhello", refused, nil},
	{"5 5", "POST /a HTTP/1.1\r\n@Content-Length: 5 5\r\n\r\nhello", refused, nil},
	{"5_0", "POST /a HTTP/1.1\r\n@Content-Length: 5_0\r\n\r\nhello", refused, nil},
	{"5.0", "POST /a HTTP/1.1\r\n@Content-Length: 5.0\r\n\r\nhello", refused, nil},
	{"none", "POST /a HTTP/1.1\r\n@Content-Length:\r\n\r\nhello", refused, nil},
	{"2^64 and 5", "POST /a HTTP/1.1\r\n@Content-Length: 18446744073709551621\r\n\r\nhello", refused, nil},
	{"Arabic digits", "POST /a HTTP/1.1\r\n@Content-Length: \u0665\r\n\r\nhello", refused, nil},
	{"05", "POST /a HTTP/1.1\r\n@Content-Length: 05\r\n\r\nhello", both, []string{"GET /last ", "POST /a hello"}},
	{"spaces around", "POST /a HTTP/1.1\r\n@Content-Length:  \t5 \t\r\n\r\nhello", both, []string{"GET /last ", "POST /a hello"}},

	// Chunks.
	{"an extension", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n", one, []string{"POST /a hello"}},
	{"an extension with a bare LF", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n27\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n\r\n0\r\n\r\n", broken, nil},
	{"an extension with a bare CR", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n5;a\rb\r\nhello\r\n0\r\n\r\n", broken, nil},
	{"a chunk's line with a bare LF", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", broken, nil},
	{"a chunk's end with a bare LF", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n", broken, nil},
	{"a chunk's end with a bare CR", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r0\r\n\r\n", broken, nil},
	{"a chunk that is longer than it says", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n", broken, nil},
	{"0x5 in chunks", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", broken, nil},
	{"-5 in chunks", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", broken, nil},
	{"+5 in chunks", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n", broken, nil},
	{"space before the size", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n", broken, nil},
	{"space behind the size", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n", one, []string{"POST /a hello"}},
	{"2^64 and 5 in chunks", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n", broken, nil},
	{"no size", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n", broken, nil},
	{"zeros before the size", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n00000005\r\nhello\r\n000\r\n\r\n", one, []string{"POST /a hello"}},

	// Trailers.
	{"a trailer", "POST /a HTTP/1.1\r\n@Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", one, []string{"POST /a hello X-Sum=[1]"}},
	{"a trailer Content-Length", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 100\r\n\r\n", one, []string{"POST /a hello"}},
	{"a trailer Content-Length that is declared", "POST /a HTTP/1.1\r\n@Trailer: Content-Length\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 100\r\n\r\n", refused, nil},
	{"a trailer Host", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nHost: x\r\n\r\n", one, []string{"POST /a hello"}},
	{"a trailer Host that is declared", "POST /a HTTP/1.1\r\n@Trailer: Host\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nHost: x\r\n\r\n", one, []string{"POST /a hello"}},
	{"a trailer X-Forwarded-For", "POST /a HTTP/1.1\r\n@Trailer: X-Forwarded-For\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n", one, []string{"POST /a hello"}},
	{"trailers that are not declared beside one that is", "POST /a HTTP/1.1\r\n@Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", one, []string{"POST /a hello X-Sum=[1]"}},
	{"a trailer with a bare CR", "POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\rz\r\n\r\n", broken, nil},
}

// TestSmuggling: whatever a visitor sends, the service gets whole requests that
// no server can read in two ways, and none that the gateway has not let in.
func TestSmuggling(t *testing.T) {
	x := openShop(t)
	line := fmt.Sprintf("Host: %s\r\n", x.host)
	for _, tc := range attacks {
		t.Run(tc.name, func(t *testing.T) {
			statuses := x.says(t, strings.ReplaceAll(tc.send+last, "@", line))
			arrived, unclear := x.take()
			seen := texts(arrived)
			slices.Sort(tc.seen)
			if !slices.Equal(statuses, tc.want) || !slices.Equal(seen, tc.seen) || len(unclear) > 0 {
				t.Errorf("answered with %d, want %d; the service sees %q, want %q; unclear: %q", statuses, tc.want, seen, tc.seen, unclear)
			}
			for _, a := range arrived {
				if host := a.header.Get("Host"); host != x.host {
					t.Errorf("the service sees the host %q", host)
				}
			}
		})
	}
	if n := x.reached.Load(); n > 0 {
		t.Errorf("a service that is not published was reached %d times", n)
	}
}
