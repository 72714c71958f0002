// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

// failures are the forwards of the configuration that are not open, with the
// reason: the engine knows only open ones.
type failures struct {
	mu   sync.Mutex
	last map[tunnel.ForwardSpec]error
}

func newFailures() *failures { return &failures{last: map[tunnel.ForwardSpec]error{}} }

// note keeps why spec is not open; nil forgets it.
func (f *failures) note(spec tunnel.ForwardSpec, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		delete(f.last, spec)
	} else {
		f.last[spec] = err
	}
}

func (f *failures) list() []tunnel.ForwardStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]tunnel.ForwardStatus, 0, len(f.last))
	for spec, err := range f.last {
		list = append(list, tunnel.ForwardStatus{
			Target: spec.Target, Service: spec.Service, Local: spec.Local, State: tunnel.StateFailed, LastError: err.Error(),
		})
	}
	slices.SortFunc(list, func(a, b tunnel.ForwardStatus) int {
		return cmp.Or(strings.Compare(a.Target, b.Target), strings.Compare(a.Service, b.Service), strings.Compare(a.Local, b.Local))
	})
	return list
}

// reporting is an engine whose status has them too.
type reporting struct {
	local.Engine
	failed *failures
}

// Status implements local.Engine.
func (r reporting) Status() tunnel.Status {
	st := r.Engine.Status()
	st.Forwards = append(st.Forwards, r.failed.list()...)
	return st
}
