// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tcpload

import (
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// Silent opens honest connections while others, on the relay's own port, send
// nothing, and compares with times at which there are none.
type Silent struct {
	Conns    int
	Pairs    int           // of a phase without and a phase with them
	Duration time.Duration // of one phase; the relay drops silent ones after 5 s
}

// The metrics of silent connections. Held is how many of them the relay still
// had at the end of a phase.
const (
	CalmP99   = "p99 without us"
	SilentP99 = "p99 with us"
	Raised    = "p99 with / without"
	Held      = "silent held"
)

// relayOpt is the option of a target that names the relay's port.
const relayOpt = "relay"

// Measure runs the load through one tunnel.
func (l Silent) Measure(t harness.Target) ([]harness.Metric, error) {
	relay := t.Opts[relayOpt]
	if relay == "" {
		return nil, fmt.Errorf("target %s names no %s port", t.Name, relayOpt)
	}
	var calm, beside opened
	held := l.Conns
	one := Setup{Workers: 1}
	one.run(t.Addr, time.Now().Add(500*time.Millisecond)) // for the pools to grow
	for range l.Pairs {
		calm.add(one.run(t.Addr, time.Now().Add(l.Duration)))
		silent, err := dialAll(relay, l.Conns)
		if err != nil {
			return nil, fmt.Errorf("opening silent connections: %w", err)
		}
		// Accepting them all is a load of its own, which ends at once.
		time.Sleep(300 * time.Millisecond)
		beside.add(one.run(t.Addr, time.Now().Add(l.Duration)))
		held = min(held, open(silent))
		closeAll(silent)
		time.Sleep(500 * time.Millisecond)
	}
	if len(calm.times) == 0 || len(beside.times) == 0 {
		return nil, errors.Join(errors.New("no connection came through"), calm.err, beside.err)
	}
	return []harness.Metric{
		{Name: Raised, Value: beside.times.Micros(.99) / calm.times.Micros(.99)},
		{Name: CalmP99, Value: calm.times.Micros(.99)},
		{Name: SilentP99, Value: beside.times.Micros(.99)},
		{Name: Held, Value: float64(held)},
		{Name: Failed, Value: float64(calm.failed + beside.failed)},
	}, nil
}

// open counts the connections that the other side has not closed.
func open(conns []net.Conn) int {
	n := 0
	for _, c := range conns {
		raw, err := c.(*net.TCPConn).SyscallConn() // dial makes no others
		if err != nil {
			continue
		}
		err = raw.Control(func(fd uintptr) {
			var b [1]byte
			if _, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT); errors.Is(err, unix.EAGAIN) {
				n++
			}
		})
		if err != nil {
			continue // closed on our side, which is not open either
		}
	}
	return n
}
