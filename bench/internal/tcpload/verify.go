// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tcpload

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// Verify sends random bytes to the echo and compares both directions by
// SHA-256.
type Verify struct {
	MiB     int // on each stream
	Streams int
}

// Intact is the number of streams whose bytes came back as they were.
const Intact = "intact streams"

// Measure runs the check on one tunnel; a stream that is not intact is an
// error.
func (l Verify) Measure(t harness.Target) ([]harness.Metric, error) {
	conns, err := dialAll(t.Addr, l.Streams)
	if err != nil {
		return nil, err
	}
	defer closeAll(conns)
	results := make(chan error, len(conns))
	for _, c := range conns {
		go func() { results <- l.verify(c) }()
	}
	for range conns {
		err = errors.Join(err, <-results)
	}
	if err != nil {
		return nil, err
	}
	return []harness.Metric{{Name: Intact, Value: float64(l.Streams)}}, nil
}

func (l Verify) verify(c net.Conn) error {
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	size := int64(l.MiB)<<20 + 1
	got := sha256.New()
	read := make(chan error, 1)
	go func() {
		_, err := io.CopyN(got, c, size)
		read <- err
	}()
	sent := sha256.New()
	_, err := io.CopyN(io.MultiWriter(c, sent), io.MultiReader(bytes.NewReader([]byte{modeEcho}), rand.Reader), size)
	if err != nil {
		_ = c.Close() // ends the reader
	}
	if err := errors.Join(err, <-read); err != nil {
		return err
	}
	if !bytes.Equal(sent.Sum(nil), got.Sum(nil)) {
		return fmt.Errorf("%d bytes came back changed", size)
	}
	return nil
}
