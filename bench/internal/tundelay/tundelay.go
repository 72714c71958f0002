// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package tundelay is a slow network for kernels without netem: network
// namespaces with a TUN device each, joined by a process that holds every
// packet back for the delay of the leg it leaves and of the leg it enters.
// Unlike with a proxy that waits, the kernels' own handshakes and windows meet
// the delay. It needs root.
package tundelay

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Leg is one namespace.
type Leg struct {
	NS    string
	Addr  netip.Addr // of its device, in a /24 that all legs share
	Delay time.Duration
}

// Net is a network that is up.
type Net struct {
	legs map[netip.Addr]*leg
	wg   sync.WaitGroup
}

type leg struct {
	Leg
	tun  *os.File
	out  chan packet
	done chan struct{} // closed when the network ends
}

type packet struct {
	due time.Time
	b   []byte
}

// Up makes the namespaces and joins them.
func Up(ctx context.Context, legs ...Leg) (*Net, error) {
	n := &Net{legs: map[netip.Addr]*leg{}}
	for _, x := range legs {
		l := &leg{Leg: x, out: make(chan packet, 1<<16), done: make(chan struct{})}
		n.legs[x.Addr] = l
		if err := l.up(ctx); err != nil {
			return nil, errors.Join(err, n.Close())
		}
	}
	for _, l := range n.legs {
		n.wg.Go(l.deliver)
		n.wg.Go(func() { l.read(n.legs) })
	}
	return n, nil
}

// Close deletes the namespaces, once nothing runs in them any more.
func (n *Net) Close() error {
	var errs []error
	for _, l := range n.legs {
		close(l.done)
		if l.tun != nil {
			errs = append(errs, l.tun.Close())
		}
	}
	n.wg.Wait()
	for _, l := range n.legs {
		errs = append(errs, ip(context.Background(), "netns", "del", l.NS))
	}
	return errors.Join(errs...)
}

// up makes the namespace and the device in it.
func (l *leg) up(ctx context.Context) error {
	if err := ip(ctx, "netns", "add", l.NS); err != nil {
		return err
	}
	opened := make(chan error)
	go func() {
		// Never unlocked, so that the thread ends with the goroutine: it
		// stays in that namespace.
		runtime.LockOSThread()
		opened <- l.open()
	}()
	if err := <-opened; err != nil {
		return fmt.Errorf("making a TUN device: %w", err)
	}
	return errors.Join(
		ip(ctx, "-n", l.NS, "link", "set", "lo", "up"),
		ip(ctx, "-n", l.NS, "addr", "add", l.Addr.String()+"/24", "dev", device),
		ip(ctx, "-n", l.NS, "link", "set", device, "txqueuelen", "10000", "up"),
	)
}

const device = "wan0"

// open moves this thread to the namespace and opens a device there.
func (l *leg) open() error {
	ns, err := os.Open("/run/netns/" + l.NS)
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	req, err := unix.NewIfreq(device)
	if err == nil {
		req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, req)
	}
	if err != nil {
		return errors.Join(err, unix.Close(fd))
	}
	// Only now: before, the poller would see an error on the descriptor.
	l.tun = os.NewFile(uintptr(fd), "tun")
	return nil
}

// read takes what the namespace sends.
func (l *leg) read(legs map[netip.Addr]*leg) {
	b := make([]byte, 2048)
	for {
		n, err := l.tun.Read(b)
		if err != nil {
			return // closed
		}
		if n < 20 || b[0]>>4 != 4 {
			continue
		}
		to := legs[netip.AddrFrom4([4]byte(b[16:20]))]
		if to == nil || to == l {
			continue
		}
		select {
		case to.out <- packet{time.Now().Add(l.Delay + to.Delay), append([]byte(nil), b[:n]...)}:
		default: // the queue is full: drop, as a router does
		}
	}
}

// deliver writes packets when they are due, in the order of their arrival.
// That is right for a star whose centre has no delay: all that a leg gets then
// has the same one.
func (l *leg) deliver() {
	for {
		select {
		case p := <-l.out:
			time.Sleep(time.Until(p.due))
			if _, err := l.tun.Write(p.b); err != nil && errors.Is(err, os.ErrClosed) {
				return
			}
		case <-l.done:
			return
		}
	}
}

func ip(ctx context.Context, args ...string) error {
	if out, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}
