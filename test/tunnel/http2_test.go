// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// asks sends one HTTP/2 request, field by field, and returns the status, or how
// the gateway ends the stream.
func (x *shop) asks(t *testing.T, fields [][2]string, body string, trailer [][2]string) string {
	t.Helper()
	c, err := net.Dial("tcp", x.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	out.WriteString(http2.ClientPreface)
	fr := http2.NewFramer(&out, c)
	fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	headers := func(fields [][2]string, end bool) {
		block.Reset()
		for _, f := range fields {
			if err := enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
				t.Fatal(err)
			}
		}
		if err := fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: end}); err != nil {
			t.Fatal(err)
		}
	}
	err = fr.WriteSettings()
	headers(fields, body == "" && trailer == nil)
	if body != "" {
		err = errors.Join(err, fr.WriteData(1, trailer == nil, []byte(body)))
	}
	if trailer != nil {
		headers(trailer, true)
	}
	if _, werr := c.Write(out.Bytes()); err != nil || werr != nil {
		t.Fatal(err, werr)
	}
	for {
		f, err := fr.ReadFrame()
		if errors.Is(err, io.EOF) || isReset(err) {
			return "closed"
		}
		if err != nil {
			t.Fatal(err)
		}
		switch f := f.(type) {
		case *http2.MetaHeadersFrame:
			return f.PseudoValue("status")
		case *http2.RSTStreamFrame:
			return "reset"
		case *http2.GoAwayFrame:
			return "goaway"
		}
	}
}

// TestSmugglingByHTTP2: what HTTP/2 can say and HTTP/1.1 cannot does not become
// something else on its way to the service.
func TestSmugglingByHTTP2(t *testing.T) {
	x := openShop(t)
	type fields = [][2]string
	get := fields{{":method", "GET"}, {":scheme", "http"}, {":authority", x.host}, {":path", "/a"}}
	post := append(fields{{":method", "POST"}}, get[1:]...)
	with := func(base fields, more ...[2]string) fields { return append(slices.Clone(base), more...) }
	// but replaces a field, or leaves it out if value is "-".
	but := func(name, value string) fields {
		list := slices.Clone(get)
		i := slices.IndexFunc(list, func(f [2]string) bool { return f[0] == name })
		if value == "-" {
			return slices.Delete(list, i, i+1)
		}
		list[i][1] = value
		return list
	}
	const inside = " HTTP/1.1\r\nHost: x\r\n\r\nGET /smuggled"
	for _, tc := range []struct {
		name         string
		fields       fields
		body         string
		trailer      fields
		answer, seen string
	}{
		{"a good request", get, "", nil, "200", "GET /a "},
		{"with a body", with(post, [2]string{"content-length", "5"}), "hello", nil, "200", "POST /a hello"},
		{"without a length", post, "hello", nil, "200", "POST /a hello"},
		{"a host that is ours too", with(get, [2]string{"host", x.host}), "", nil, "200", "GET /a "},
		{"another host", with(get, [2]string{"host", "evil"}), "", nil, "reset", ""},
		{"another authority", with(but(":authority", "evil"), [2]string{"host", x.host}), "", nil, "reset", ""},
		{"a host in place of the authority", with(but(":authority", "-"), [2]string{"host", x.host}), "", nil, "200", "GET /a "},
		{"neither", but(":authority", "-"), "", nil, "200", ""},
		{"two authorities", with(get[:3], [2]string{":authority", "evil"}, get[3]), "", nil, "reset", ""},
		{"an authority behind a field", with(get, [2]string{"x", "y"}, [2]string{":authority", "evil"}), "", nil, "reset", ""},
		{"an authority with a request in it", but(":authority", x.host+inside), "", nil, "reset", ""},
		{"an authority with userinfo", but(":authority", "user@"+x.host), "", nil, "reset", ""},
		{"an authority with evil behind the port", but(":authority", x.host+":x@evil"), "", nil, "reset", ""},
		{"a pseudo-field of responses", with(get, [2]string{":status", "200"}), "", nil, "reset", ""},
		{"an unknown pseudo-field", with(get, [2]string{":x", "y"}), "", nil, "reset", ""},
		{"a method with a request in it", but(":method", "GET /smuggled"+inside+" "), "", nil, "reset", ""},
		{"a method with spaces", but(":method", "GET /smuggled HTTP/1.1"), "", nil, "502", ""},
		{"a path with a request in it", but(":path", "/a"+inside), "", nil, "reset", ""},
		{"a path with spaces", but(":path", "/a HTTP/1.1 x"), "", nil, "200", "GET /a%20HTTP/1.1%20x "},
		{"a path with another host", but(":path", "http://evil/a"), "", nil, "reset", ""},
		{"a path without a slash", but(":path", "evil"), "", nil, "reset", ""},
		{"a path with two slashes", but(":path", "//evil/a"), "", nil, "200", "GET //evil/a "},
		{"no path", but(":path", ""), "", nil, "reset", ""},
		{"a scheme with a request in it", but(":scheme", "http"+inside), "", nil, "reset", ""},
		{"another scheme", but(":scheme", "https"), "", nil, "200", "GET /a "},
		{"connection", with(get, [2]string{"connection", "close"}), "", nil, "400", ""},
		{"connection, of our fields", with(get, [2]string{"connection", "x-forwarded-for"}), "", nil, "400", ""},
		{"transfer-encoding", with(post, [2]string{"transfer-encoding", "chunked"}), "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", nil, "400", ""},
		{"upgrade", with(get, [2]string{"upgrade", "h2c"}), "", nil, "400", ""},
		{"keep-alive", with(get, [2]string{"keep-alive", "1"}), "", nil, "400", ""},
		{"proxy-connection", with(get, [2]string{"proxy-connection", "close"}), "", nil, "400", ""},
		{"te", with(get, [2]string{"te", "gzip"}), "", nil, "400", ""},
		{"a name in capitals", with(get, [2]string{"Transfer-Encoding", "chunked"}), "", nil, "reset", ""},
		{"a name with a line in it", with(get, [2]string{"x: y\r\nz", "w"}), "", nil, "reset", ""},
		{"a name with a colon", with(get, [2]string{"transfer-encoding: chunked", "x"}), "", nil, "reset", ""},
		{"a name with a space", with(get, [2]string{"transfer-encoding ", "chunked"}), "", nil, "reset", ""},
		{"an empty name", with(get, [2]string{"", "x"}), "", nil, "reset", ""},
		{"CRLF in a value", with(get, [2]string{"x", "y\r\nTransfer-Encoding: chunked"}), "", nil, "reset", ""},
		{"CR in a value", with(get, [2]string{"x", "y\rz"}), "", nil, "reset", ""},
		{"LF in a value", with(get, [2]string{"x", "y\nz"}), "", nil, "reset", ""},
		{"NUL in a value", with(get, [2]string{"x", "y\x00z"}), "", nil, "reset", ""},
		{"less than its length", with(post, [2]string{"content-length", "50"}), "hello", nil, "502", ""},
		{"more than its length", with(post, [2]string{"content-length", "1"}), "hello", nil, "reset", ""},
		{"two lengths", with(post, [2]string{"content-length", "5"}, [2]string{"content-length", "6"}), "hello", nil, "400", ""},
		{"an odd length", with(post, [2]string{"content-length", "+5"}), "hello", nil, "400 or reset", ""},
		{"a trailer", with(post, [2]string{"trailer", "x-sum"}), "hello", fields{{"x-sum", "1"}}, "200", "POST /a hello X-Sum=[1]"},
		{"a host in a trailer", with(post, [2]string{"trailer", "x-sum, host"}), "hello", fields{{"x-sum", "1"}, {"host", "evil"}}, "reset", ""},
		{
			"who sends it, in a trailer", with(post, [2]string{"trailer", "x-sum, x-forwarded-for"}), "hello",
			fields{{"x-sum", "1"}, {"x-forwarded-for", "192.0.2.1"}},
			"200", "POST /a hello X-Sum=[1]",
		},
		{"a length in a trailer", post, "hello", fields{{"content-length", "1"}}, "200", "POST /a hello"},
		{"a trailer that begins another request", post, "hello", fields{{":method", "GET"}, {":path", "/smuggled"}}, "reset", ""},
		{"fields with underscores", with(get, [2]string{"x_forwarded_for", "192.0.2.1"}), "", nil, "200", "GET /a "},
	} {
		answer := x.asks(t, tc.fields, tc.body, tc.trailer)
		arrived, unclear := x.take()
		if seen := strings.Join(texts(arrived), "|"); !slices.Contains(strings.Split(tc.answer, " or "), answer) || seen != tc.seen || len(unclear) > 0 {
			t.Errorf("%s: answered with %s, want %s; the service sees %q, want %q; unclear: %q", tc.name, answer, tc.answer, seen, tc.seen, unclear)
		}
		for _, a := range arrived {
			if h := a.header; h.Get("Host") != x.host || h.Get("X-Forwarded-For") != "127.0.0.1" || h.Get("X-Forwarded-Host") != x.host {
				t.Errorf("%s: the service sees %q", tc.name, h)
			}
		}
	}
	// Nothing that was cut short comes late.
	if answer := x.asks(t, get, "", nil); answer != "200" {
		t.Error(answer)
	}
	if arrived, unclear := x.take(); len(arrived) != 1 || len(unclear) > 0 || x.reached.Load() > 0 {
		t.Errorf("in the end the service sees %q, unclear %q", arrived, unclear)
	}
}
