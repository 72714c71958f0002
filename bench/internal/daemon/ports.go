// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"fmt"
	"net"
	"strconv"
)

// The range is below the one that outgoing connections use, so that no client
// of a run takes a port of it.
const firstPort, lastPort = 17100, 17999

// Ports hands out free TCP ports of loopback, each once until all have been
// used: what listens in another network namespace is not seen here.
type Ports struct{ next int }

// Take finds n of them.
func (p *Ports) Take(n int) (free []string, err error) {
	for range lastPort - firstPort + 1 {
		if len(free) == n {
			return free, nil
		}
		port := strconv.Itoa(firstPort + p.next%(lastPort-firstPort+1))
		p.next++
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			continue
		}
		defer l.Close()
		free = append(free, port)
	}
	return nil, fmt.Errorf("fewer than %d free ports between %d and %d", n, firstPort, lastPort)
}
