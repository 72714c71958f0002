// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/culvertd/culvert/internal/wire"
)

// traffic counts the connections of a public TCP port, while it is somebody's.
type traffic struct {
	open  atomic.Int64
	total atomic.Uint64
}

// begin counts one, until end, which may be called twice.
func (t *traffic) begin() (end func()) {
	t.open.Add(1)
	t.total.Add(1)
	return sync.OnceFunc(func() { t.open.Add(-1) })
}

// Counts returns how many requests of a website, or connections of a port, are open,
// and how many there were. At a UDP port each source is one.
func (p *Publisher) Counts(k Key) (open int, total uint64) {
	protocol, text, isPort := strings.Cut(k.Name, ":")
	if !isPort {
		return p.gate.Counts(k)
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0, 0
	}
	p.mu.Lock()
	o, f := p.ports[number], p.packets[number]
	p.mu.Unlock()
	switch {
	case protocol == wire.TCP && o != nil:
		return int(o.open.Load()), o.total.Load()
	case protocol == wire.UDP && f != nil:
		return f.Counts()
	}
	return 0, 0
}
