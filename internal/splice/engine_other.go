// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package splice

import (
	"net"
	"net/netip"
)

// Elsewhere all links are copied.
type noEngine struct{}

func newEngine() engine { return noEngine{} }

func (noEngine) link(*Link, Conn, Conn) mover { return nil }

func (noEngine) park(Conn, func(Conn) (Guest, func())) Parked { return nil }

func (noEngine) dial(netip.AddrPort, DialOptions, func(Conn, error)) bool { return false }

func (noEngine) listen(net.Listener, func(Conn) Guest, func(error)) bool { return false }

func (noEngine) dismiss(bool) {}

func (noEngine) close() {}

// Listener returns a listener in the place of ln from which Mover.Listen can
// accept in the fast way; ln itself where there is none.
func Listener(ln net.Listener) net.Listener { return ln }
