// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// calmEach is how long nothing is to be collected before a burst counts as
	// over.
	calmEach = 10 * time.Second
	// calmLeast is the garbage that is worth a collection.
	calmLeast = 16 << 20
)

// heap is what the runtime says of its memory at a moment.
type heap struct {
	cycles  uint64 // collections ever
	objects uint64 // bytes, garbage included
	live    uint64 // bytes, as the last collection found them
}

func readHeap() heap {
	s := []metrics.Sample{
		{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"},
	}
	metrics.Read(s)
	return heap{s[0].Value.Uint64(), s[1].Value.Uint64(), s[2].Value.Uint64()}
}

// wasteful reports whether much garbage is left of a burst that is over: there
// was no collection since before.
func (h heap) wasteful(before heap) bool {
	return h.cycles == before.cycles && h.objects >= h.live+calmLeast
}

// calm gives the system back what a burst of connections has left: a handshake
// makes some 50 KiB of garbage, and a client that carries nothing afterwards
// would have the runtime collect it after two minutes only. It runs until ctx
// ends.
func calm(ctx context.Context) {
	tick := time.NewTicker(calmEach)
	defer tick.Stop()
	for before := readHeap(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		h := readHeap()
		if h.wasteful(before) {
			debug.FreeOSMemory()
			h = readHeap()
		}
		before = h
	}
}
