// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"net"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// TestPortConnectionsAreInUse: a service is not unused while a connection of its
// port is open, be it a stream or moved by the relay, however long it is silent.
func TestPortConnectionsAreInUse(t *testing.T) {
	h := open(t, signaling.Config{})
	bare := published("bare", 1)
	bare.Encryption = wire.EncryptionNone
	h.provider("alice", "nas", published("tls", 1), bare)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, id := range []string{"tls", "bare"} {
		app, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer app.Close()
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		v, err := h.take("alice/nas", id)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Serve(t.Context(), splice.TCP(nc.(*net.TCPConn)), tunnel.Serving{Wrap: h.guests.add}); err != nil {
			t.Fatal(err)
		}
		h.release("alice/nas/" + id)
		if err := say(app, "hello"); err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Hour)
		if list := h.takeUnused(later); len(list) > 0 {
			t.Errorf("%s is unused with a connection open", id)
		}
		_ = app.Close()
		eventually(t, id+" is unused", func() bool {
			list := h.takeUnused(later)
			for _, v := range list {
				_ = v.Close()
			}
			return len(list) == 1
		})
	}
}
