// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package httpload is a website with a small page, and a load of requests for it
// over connections that stay open. Whatever stands between them is at the
// target's http= address.
package httpload

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// Load is requests one after the other on each of several connections.
type Load struct {
	Conns    int
	Duration time.Duration
}

// The metrics.
const (
	Rate      = "requests/s"
	P50       = "request p50 us"
	P99       = "request p99 us"
	ServerCPU = "server CPU us/request"
	ChainCPU  = "chain CPU us/request"
)

// Measure runs the load against one website. Any answer but 200 with the whole
// page is an error.
func (l Load) Measure(t harness.Target) ([]harness.Metric, error) {
	conns := make([]*client, l.Conns)
	defer func() {
		for _, c := range conns {
			if c != nil {
				_ = c.Close()
			}
		}
	}()
	for i := range conns {
		c, err := dial(t.Opts["http"], t.Opts["host"], l.Duration)
		if err != nil {
			return nil, err
		}
		conns[i] = c
		if err := c.ask(); err != nil { // what is behind it is connected now
			return nil, err
		}
	}
	cpu, start := harness.CPUOf(t), time.Now()
	all, err := run(conns, start.Add(l.Duration))
	elapsed := time.Since(start).Seconds()
	cpu = harness.CPUOf(t).Sub(cpu)
	if err != nil {
		return nil, err
	}
	n := float64(len(all))
	ms := []harness.Metric{
		{Name: Rate, Value: n / elapsed},
		{Name: P50, Value: all.Micros(.5)},
		{Name: P99, Value: all.Micros(.99)},
	}
	if t.PID != 0 {
		ms = append(ms,
			harness.Metric{Name: ServerCPU, Value: cpu.Server / n * 1e6},
			harness.Metric{Name: ChainCPU, Value: cpu.Chain / n * 1e6})
	}
	return ms, nil
}

func run(conns []*client, until time.Time) (all harness.Sample, err error) {
	var wg sync.WaitGroup
	for _, c := range conns {
		wg.Go(func() { c.err = c.askUntil(until) })
	}
	wg.Wait()
	for _, c := range conns {
		all, err = append(all, c.times...), errors.Join(err, c.err)
	}
	return all, err
}

// client is a connection. It reads no more of HTTP than it must: what the load
// costs, the servers do not get.
type client struct {
	net.Conn
	in      *bufio.Reader
	request []byte
	page    []byte
	times   harness.Sample
	err     error
}

func dial(addr, host string, d time.Duration) (*client, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(d + 30*time.Second)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &client{
		Conn: conn, in: bufio.NewReader(conn), page: make([]byte, len(page)),
		request: fmt.Appendf(nil, "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n", host),
	}, nil
}

func (c *client) askUntil(until time.Time) error {
	for now := time.Now(); now.Before(until); {
		if err := c.ask(); err != nil {
			return err
		}
		then := time.Now()
		c.times = append(c.times, then.Sub(now))
		now = then
	}
	return nil
}

// ask sends a request and reads the answer.
func (c *client) ask() error {
	if _, err := c.Write(c.request); err != nil {
		return err
	}
	line, err := c.line()
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("answered with %q", line)
	}
	length := -1
	for len(line) > 0 {
		if line, err = c.line(); err != nil {
			return err
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length != len(page) {
		return fmt.Errorf("a page of %d bytes, want %d", length, len(page))
	}
	if _, err = io.ReadFull(c.in, c.page); err == nil && string(c.page) != page {
		err = errors.New("another page")
	}
	return err
}

func (c *client) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}
