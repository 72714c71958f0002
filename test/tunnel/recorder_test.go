// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// recorder is a service that takes nothing from HTTP's libraries: it notes every
// request that comes whole, and what no two servers are sure to read alike.
type recorder struct {
	port int

	mu      sync.Mutex // guards the fields below
	arrived []arrival
	unclear []string
	conns   map[net.Conn]bool
}

// arrival is a request as its bytes say it.
type arrival struct {
	method, target, body string
	header, trailer      http.Header
}

// String is what a table says of it.
func (a arrival) String() string {
	s := a.method + " " + a.target + " " + a.body
	for _, name := range slices.Sorted(maps.Keys(a.trailer)) {
		s += fmt.Sprintf(" %s=%s", name, a.trailer[name])
	}
	return s
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{port: ln.Addr().(*net.TCPAddr).Port, conns: make(map[net.Conn]bool)} //nolint:forcetypeassert // it is
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.conns[c] = true
			r.mu.Unlock()
			tasks.Go(func() { r.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		r.mu.Lock()
		for c := range r.conns {
			_ = c.Close()
		}
		r.mu.Unlock()
		tasks.Wait()
	})
	return r
}

// take returns what has come since the last time.
func (r *recorder) take() (arrived []arrival, unclear []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	arrived, unclear = r.arrived, r.unclear
	r.arrived, r.unclear = nil, nil
	return arrived, unclear
}

func (r *recorder) serve(c net.Conn) {
	defer func() {
		_ = c.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.conns, c)
	}()
	for in := bufio.NewReader(c); ; {
		a, err := readArrival(in)
		r.mu.Lock()
		if err == nil {
			r.arrived = append(r.arrived, a)
		} else if bad, ok := errors.AsType[unclearError](err); ok {
			r.unclear = append(r.unclear, bad.Error())
		}
		r.mu.Unlock()
		if err != nil { // of one that was cut short the gateway has no answer to give
			return
		}
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"); err != nil {
			return
		}
	}
}

// unclearError is what a server might read differently.
type unclearError string

func (e unclearError) Error() string { return string(e) }

func unclear(format string, args ...any) error { return unclearError(fmt.Sprintf(format, args...)) }

var (
	requestLine = regexp.MustCompile(`^([!#$%&'*+.^_|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\.1$`)
	fieldLine   = regexp.MustCompile(`^([!#$%&'*+.^_|~0-9A-Za-z-]+): ?([^\x00-\x08\x0a-\x1f\x7f]*)$`)
	number      = regexp.MustCompile(`^[0-9]+$`)
	chunkLine   = regexp.MustCompile(`^[0-9a-f]+$`)
)

func readArrival(in *bufio.Reader) (a arrival, err error) {
	first, err := readLine(in)
	if err != nil {
		return a, err
	}
	parts := requestLine.FindStringSubmatch(first)
	if parts == nil {
		return a, unclear("request line %q", first)
	}
	a.method, a.target = parts[1], parts[2]
	if a.header, err = readFields(in); err != nil {
		return a, err
	}
	if hosts := a.header["Host"]; len(hosts) != 1 {
		return a, unclear("hosts %q", hosts)
	}
	length, coding := a.header["Content-Length"], a.header["Transfer-Encoding"]
	switch {
	case len(length)+len(coding) > 1:
		return a, unclear("Content-Length %q with Transfer-Encoding %q", length, coding)
	case len(coding) == 1 && coding[0] != "chunked":
		return a, unclear("Transfer-Encoding %q", coding)
	case len(coding) == 1:
		a.body, a.trailer, err = readChunks(in)
	case len(length) == 1 && !number.MatchString(length[0]):
		return a, unclear("Content-Length %q", length)
	case len(length) == 1:
		a.body, err = readBytes(in, length[0], 10)
	}
	return a, err
}

func readFields(in *bufio.Reader) (http.Header, error) {
	h := http.Header{}
	for {
		line, err := readLine(in)
		if err != nil || line == "" {
			return h, err
		}
		parts := fieldLine.FindStringSubmatch(line)
		if parts == nil {
			return h, unclear("header line %q", line)
		}
		name := textproto.CanonicalMIMEHeaderKey(parts[1])
		h[name] = append(h[name], parts[2])
	}
}

func readChunks(in *bufio.Reader) (body string, trailer http.Header, err error) {
	for {
		line, err := readLine(in)
		if err != nil {
			return "", nil, err
		}
		if !chunkLine.MatchString(line) {
			return "", nil, unclear("line of a chunk %q", line)
		}
		if strings.Trim(line, "0") == "" {
			trailer, err = readFields(in)
			return body, trailer, err
		}
		part, err := readBytes(in, line, 16)
		if err != nil {
			return "", nil, err
		}
		body += part
		if end, err := readLine(in); err != nil || end != "" {
			return "", nil, cmp.Or(err, unclear("%q behind a chunk", end))
		}
	}
}

func readBytes(in *bufio.Reader, size string, base int) (string, error) {
	n, err := strconv.ParseUint(size, base, 24)
	if err != nil {
		return "", unclear("size %q", size)
	}
	b := make([]byte, n)
	_, err = io.ReadFull(in, b)
	return string(b), err
}

// readLine returns a line without its CRLF. All else that ends lines for some
// servers must not be in it.
func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	text, ok := strings.CutSuffix(line, "\r\n")
	if !ok || strings.ContainsAny(text, "\r\x00") {
		return "", unclear("line %q", line)
	}
	return text, nil
}

// texts are what a table says of arrivals.
func texts(list []arrival) []string {
	s := make([]string, 0, len(list))
	for _, a := range list {
		s = append(s, a.String())
	}
	slices.Sort(s)
	return s
}
