// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"net"

	"github.com/culvertd/culvert/internal/splice"
)

// lazyReader, see stream.App: no buffer waits.
type lazyReader interface {
	ReadLazily(get func() []byte, put func()) (int, error)
}

// allWriter writes all of b past Go's scheduler, see package rawio.
type allWriter interface{ WriteAll(b []byte) error }

// streamApp is an application's connection as a stream has it.
type streamApp struct{ splice.Conn }

// newStreamApp gives a socket what its system can do.
func newStreamApp(conn splice.Conn) splice.Conn {
	if raw, ok := asRaw(conn); ok {
		return raw
	}
	return streamApp{conn}
}

// asLazy returns how to read from conn without holding a buffer, and how to write
// much to it; nil if its system cannot.
func asLazy(conn net.Conn) (lazyReader, allWriter) {
	if m, ok := conn.(*metered); ok {
		if m.lazy == nil {
			return nil, nil
		}
		return m, m
	}
	if raw, ok := asRaw(conn); ok {
		return raw, raw
	}
	return nil, nil
}
