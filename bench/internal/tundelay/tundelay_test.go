// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tundelay

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestDelay(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	name := fmt.Sprintf("delay%d-", os.Getpid())
	server, client := name+"s", name+"a"
	n, err := Up(t.Context(),
		Leg{NS: server, Addr: netip.MustParseAddr("10.78.0.1")},
		Leg{NS: client, Addr: netip.MustParseAddr("10.78.0.2"), Delay: 15 * time.Millisecond})
	if err != nil {
		t.Skip("no network namespaces here: ", err)
	}
	var l net.Listener
	if err := within(server, func() (err error) { l, err = net.Listen("tcp", "10.78.0.1:7"); return err }); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		start := time.Now()
		err := within(client, func() error {
			c, err := net.Dial("tcp", "10.78.0.1:7")
			if err != nil {
				return err
			}
			return c.Close()
		})
		if d := time.Since(start); err != nil || d < 30*time.Millisecond || d > time.Second {
			t.Errorf("a connect took %v, %v, want 30 ms and a little", d, err)
		}
	}
	_ = l.Close()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat("/run/netns/" + client); err == nil {
		t.Error("the namespace is still there")
	}
}

// within runs f on a thread in a namespace; sockets that it makes stay there.
func within(ns string, f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		done <- func() error {
			file, err := os.Open("/run/netns/" + ns)
			if err != nil {
				return err
			}
			defer file.Close()
			if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
				return err
			}
			return f()
		}()
	}()
	return <-done
}
