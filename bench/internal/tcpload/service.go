// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tcpload

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

const chunk = 64 << 10

// The first byte of a connection says what the service does with it.
const (
	modeEcho     = 'e' // echo everything, this byte included
	modeUpload   = 'u' // read chunks; the last one starts with 1; answer the byte count
	modeDownload = 'd' // send until the peer closes
)

// Serve is the service behind the tunnels; it ends when l is closed.
func Serve(l net.Listener) error {
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil: // out of descriptors, most likely
			time.Sleep(10 * time.Millisecond)
		default:
			go handle(c)
		}
	}
}

// handle serves one connection. Its errors are the client's to see.
func handle(c net.Conn) {
	defer c.Close()
	var first [1]byte
	if _, err := io.ReadFull(c, first[:]); err != nil {
		return
	}
	switch first[0] {
	case modeEcho:
		_ = echo(c, first[:])
	case modeUpload:
		_ = receive(c)
	case modeDownload:
		b := make([]byte, 2*chunk)
		for {
			if _, err := c.Write(b); err != nil {
				return
			}
		}
	}
}

// echo begins with a small buffer: 10,000 idle connections live here too.
func echo(c net.Conn, first []byte) error {
	if _, err := c.Write(first); err != nil {
		return err
	}
	for b := make([]byte, 2048); ; {
		n, err := c.Read(b)
		if err != nil {
			return err
		}
		if _, err := c.Write(b[:n]); err != nil {
			return err
		}
		if n == len(b) && n < chunk {
			b = make([]byte, chunk)
		}
	}
}

func receive(c net.Conn) error {
	b := make([]byte, chunk)
	r := bufio.NewReaderSize(c, 4*chunk)
	total := uint64(0)
	for b[0] = 0; b[0] != 1; total += chunk {
		if _, err := io.ReadFull(r, b); err != nil {
			return err
		}
	}
	if _, err := c.Write(binary.BigEndian.AppendUint64(nil, total)); err != nil {
		return err
	}
	// The client closes when it has the answer.
	_, err := io.Copy(io.Discard, c)
	return err
}

// upload sends until the time is up and returns what the service has counted.
func upload(c net.Conn, until time.Time) (int64, error) {
	if _, err := c.Write([]byte{modeUpload}); err != nil {
		return 0, err
	}
	b := make([]byte, 2*chunk)
	for time.Now().Before(until) {
		if _, err := c.Write(b); err != nil {
			return 0, err
		}
	}
	b[0] = 1
	if _, err := c.Write(b[:chunk]); err != nil {
		return 0, err
	}
	var total [8]byte
	if _, err := io.ReadFull(c, total[:]); err != nil {
		return 0, fmt.Errorf("reading what has arrived: %w", err)
	}
	return int64(binary.BigEndian.Uint64(total[:])), nil
}

// download reads until the time is up, at no more than rate bytes a second if
// rate is not 0.
func download(c net.Conn, until time.Time, rate float64) (int64, error) {
	if _, err := c.Write([]byte{modeDownload}); err != nil {
		return 0, err
	}
	b := make([]byte, 4*chunk)
	if rate > 0 {
		b = b[:chunk/2]
	}
	total := int64(0)
	for start := time.Now(); time.Now().Before(until); {
		if rate > 0 {
			time.Sleep(time.Until(start.Add(time.Duration(float64(total) / rate * 1e9))))
		}
		n, err := c.Read(b)
		total += int64(n)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}
