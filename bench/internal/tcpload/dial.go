// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tcpload

import (
	"context"
	"io"
	"net"
	"time"
)

// dial opens a connection without keepalive: the probes of thousands of
// connections would come all at once and overflow the loopback's backlog.
func dial(addr string, timeout time.Duration) (net.Conn, error) {
	d := net.Dialer{Timeout: timeout, KeepAlive: -1}
	return d.DialContext(context.Background(), "tcp", addr)
}

func dialAll(addr string, n int) ([]net.Conn, error) {
	conns := make([]net.Conn, 0, n)
	for range n {
		c, err := dial(addr, 5*time.Second)
		if err != nil {
			closeAll(conns)
			return nil, err
		}
		conns = append(conns, c)
	}
	return conns, nil
}

func closeAll(conns []net.Conn) {
	for _, c := range conns {
		if c != nil {
			_ = c.Close()
		}
	}
}

// firstByte opens a connection, sends one byte and waits for its echo.
func firstByte(addr string, timeout time.Duration) (net.Conn, time.Duration, error) {
	start := time.Now()
	c, err := dial(addr, timeout)
	if err != nil {
		return nil, 0, err
	}
	b := [1]byte{modeEcho}
	if _, err := ping(c, b[:], timeout); err != nil {
		_ = c.Close()
		return nil, 0, err
	}
	return c, time.Since(start), nil
}

// ping sends b and waits for its echo.
func ping(c net.Conn, b []byte, timeout time.Duration) (time.Duration, error) {
	start := time.Now()
	if err := c.SetDeadline(start.Add(timeout)); err != nil {
		return 0, err
	}
	if _, err := c.Write(b); err != nil {
		return 0, err
	}
	_, err := io.ReadFull(c, b)
	return time.Since(start), err
}
