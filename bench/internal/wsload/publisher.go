// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsload

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// publisher sends messages on a connection of its own, which receives nothing
// where the protocol lets it; what comes all the same is thrown away.
type publisher struct {
	p proto
	c *conn
}

func newPublisher(t harness.Target, p proto) (*publisher, error) {
	c, err := open(t, p.pubPath, p.pubHas, p.pubWait)
	if err != nil {
		return nil, fmt.Errorf("publisher: %w", err)
	}
	if err := unix.SetNonblock(c.fd, false); err != nil {
		return nil, err
	}
	if err := unix.SetsockoptTimeval(c.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{}); err != nil {
		return nil, err
	}
	go func() { // ends with the shutdown in close
		b := make([]byte, 64<<10)
		for {
			if _, err := read(c.fd, b); err != nil {
				return
			}
		}
	}()
	return &publisher{p: p, c: c}, nil
}

func (p *publisher) send(id int, m []byte) error {
	return p.c.write(frame(opText, p.p.publish(id, m)))
}

func (p *publisher) close() {
	_ = unix.Shutdown(p.c.fd, unix.SHUT_RDWR) // fails where the server has closed
	unix.Close(p.c.fd)
}
