// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package datagram

import "net"

// system is what Linux has.
type system struct{}

type inboxSystem struct{}

// Outbox keeps what a call of Send needs.
type Outbox struct{}

// NewOutbox returns an outbox.
func NewOutbox() *Outbox { return &Outbox{} }

func (*inboxSystem) init([][]byte) {}

func newSystem(*net.UDPConn, Options, bool) *system { return nil }

func (*system) trains() bool { return false }

func (*system) overflow() uint64 { return 0 }

func (*system) receive(in *Inbox, _ *Pool) (*Inbox, error) { return in, net.ErrClosed }

func (*system) send(*Outbox, []Train) {}

func finalErrno(error) bool { return false }
