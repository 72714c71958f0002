// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package relay

import (
	"errors"
	"net"
)

// Placeholders until the UDP side lands (its author replaces this file).
type (
	udpRelay   struct{}
	udpSession struct{}
	udpClient  struct{}
)

func newUDPRelay(*Relay) *udpRelay { return &udpRelay{} }

func (*udpRelay) addSession(*Session) error { return errors.New("no UDP yet") }
func (*udpRelay) removeSession(*Session)    {}
func (*udpRelay) removeClient(*Client)      {}
func (*udpRelay) serve(*net.UDPConn) error  { return errors.New("no UDP yet") }
func (*udpRelay) addStats(*Stats)           {}
func (*udpRelay) close()                    {}

func (udpSession) blocks() (visitor, provider uint32) { return 0, 0 }
