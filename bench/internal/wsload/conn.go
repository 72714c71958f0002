// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsload

import (
	"bytes"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// conn is one client connection after its handshakes.
type conn struct {
	walker

	fd  int
	tls *records // nil without TLS
}

// open makes one connection to path, plain or with TLS, and upgrades it.
func open(t harness.Target, path string, hello [][]byte, waitFor []byte) (c *conn, err error) {
	fd, err := dial(t.Addr)
	if err != nil {
		return nil, err
	}
	c = &conn{fd: fd}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	if t.Opts["tls"] != "" {
		if c.tls, err = handshake(fd); err != nil {
			return nil, err
		}
	}
	host := t.Addr
	if t.Opts["host"] != "" {
		host = t.Opts["host"]
	}
	err = c.write([]byte("GET " + path + " HTTP/1.1\r\nHost: " + host +
		"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
	if err != nil {
		return nil, fmt.Errorf("sending the request: %w", err)
	}
	var head []byte
	end := -1
	for end < 0 {
		err = c.receive(make([]byte, 4096), func(b []byte) { head = append(head, b...) })
		if err != nil {
			return nil, fmt.Errorf("reading the answer: %w, got %.200q", err, head)
		}
		end = bytes.Index(head, []byte("\r\n\r\n"))
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101")) {
		return nil, fmt.Errorf("refused: %.200q", head)
	}
	if err = c.subscribe(head[end+4:], hello, waitFor); err != nil {
		return nil, err
	}
	return c, unix.SetNonblock(fd, true)
}

// subscribe sends the hello frames and waits until the answer has come.
func (c *conn) subscribe(first []byte, hello [][]byte, waitFor []byte) error {
	var seen []byte
	keep := func(p []byte) { seen = append(seen, p...) }
	c.walk(first, keep)
	for _, h := range hello {
		if err := c.write(frame(opText, h)); err != nil {
			return fmt.Errorf("subscribing: %w", err)
		}
	}
	for !bytes.Contains(seen, waitFor) {
		err := c.receive(make([]byte, 4096), func(b []byte) { c.walk(b, keep) })
		if err != nil {
			return fmt.Errorf("subscribing: %w, got %.200q", err, seen)
		}
	}
	return nil
}

// write sends b, as one TLS record where there is TLS.
func (c *conn) write(b []byte) error {
	if c.tls != nil {
		b = c.tls.seal(b)
	}
	return writeAll(c.fd, b)
}

// receive reads once into buf and hands over the bytes, decrypted.
func (c *conn) receive(buf []byte, emit func([]byte)) error {
	n, err := read(c.fd, buf)
	if err != nil {
		return err
	}
	if c.tls != nil {
		return c.tls.open(buf[:n], emit)
	}
	emit(buf[:n])
	return nil
}
