// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/gateway"
	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/signaling"
)

func withListen(addrs ...string) *gateway.Generation {
	g := &gateway.Generation{Logger: zap.NewNop()}
	for _, a := range addrs {
		g.Config.Listen = append(g.Config.Listen, publish.Static{Address: a, Services: []signaling.Named{{Client: "nas", Service: "ssh"}}})
	}
	return g
}

// freeAddr is one that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// letsIn reports whether an address is open; a visitor is reset, as there is no
// such service.
func letsIn(t *testing.T, addr string) bool {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return errors.Is(err, syscall.ECONNRESET) // at once
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err = c.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("a visitor of %s: %v", addr, err)
	}
	return true
}

// TestListenIsTheUnionOfAllGenerations: an address is open while any config that is
// in use has it, and a config that cannot be put in force opens none.
func TestListenIsTheUnionOfAllGenerations(t *testing.T) {
	c := gateway.New(folder(t))
	t.Cleanup(func() { _ = c.Close(gateway.Removed) })
	one, two, three := freeAddr(t), freeAddr(t), freeAddr(t)
	first, second := withListen(one), withListen(one, two)
	push(t, c, first)
	if !letsIn(t, one) {
		t.Fatal("closed")
	}
	push(t, c, second)
	c.Pop(first)
	if !letsIn(t, one) || !letsIn(t, two) {
		t.Error("of the second config")
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	if err := c.Push(t.Context(), withListen(three, addr)); err == nil || !strings.Contains(err.Error(), "opening the address "+addr+" for listen") {
		t.Errorf("an address that is taken: %v", err)
	}
	if letsIn(t, three) || !letsIn(t, one) || !letsIn(t, two) {
		t.Error("a config that failed has changed something")
	}
	third := withListen(two)
	push(t, c, third)
	if !letsIn(t, one) {
		t.Error("closed while the config before is in use")
	}
	c.Pop(second)
	if letsIn(t, one) || !letsIn(t, two) {
		t.Error("of the third config")
	}
	none := withListen()
	push(t, c, none)
	c.Pop(third)
	if letsIn(t, two) {
		t.Error("open, and nobody wants it")
	}
}

// TestListenOfTheFirstConfig that is taken: nothing is opened at all.
func TestListenOfTheFirstConfig(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := taken.Addr().String()
	c := gateway.New(folder(t))
	t.Cleanup(func() { _ = c.Close(gateway.Removed) })
	if err := c.Push(t.Context(), withListen(addr)); err == nil || !strings.Contains(err.Error(), addr) || c.Hub() != nil {
		t.Fatalf("%v", err)
	}
	_ = taken.Close()
	push(t, c, withListen(addr))
	if !letsIn(t, addr) {
		t.Error("closed")
	}
}
