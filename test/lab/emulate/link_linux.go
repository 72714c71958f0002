// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package emulate

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Settings of a link, for each direction.
type Settings struct {
	Delay time.Duration
	// Jitter is the most that a frame may be late on top of Delay. Frames that
	// are closer together than this change places.
	Jitter time.Duration
	Loss   float64 // 0 to 1
	Seed   uint64  // of loss and jitter
}

// Link joins two interfaces until Close.
type Link struct {
	a, b    *port
	forward *way // from a to b
	back    *way
	tasks   sync.WaitGroup
}

// Join joins the interfaces called a and b, which are up. Nothing else may
// use them: they need no address, and their checksum and segmentation offload
// is switched off, because frames that leave a packet socket are never
// finished by the kernel. The far end of a veth must do so too: see NoOffload.
func Join(a, b string, s Settings) (*Link, error) {
	l := new(Link)
	var err error
	if l.a, err = openPort(a); err != nil {
		return nil, err
	}
	if l.b, err = openPort(b); err != nil {
		return nil, errors.Join(err, l.a.close())
	}
	l.forward, l.back = newWay(l.b, s, 1), newWay(l.a, s, 2)
	l.tasks.Go(func() { l.a.receive(l.forward) })
	l.tasks.Go(func() { l.b.receive(l.back) })
	l.tasks.Go(l.forward.run)
	l.tasks.Go(l.back.run)
	return l, nil
}

// Cut loses every frame both ways from now on, or none more than the settings
// say.
func (l *Link) Cut(on bool) {
	l.forward.cut.Store(on)
	l.back.cut.Store(on)
}

// Stats returns how many frames were passed on and lost, both ways together.
func (l *Link) Stats() (passed, lost uint64) {
	return l.forward.passed.Load() + l.back.passed.Load(), l.forward.lost.Load() + l.back.lost.Load()
}

// Close takes the link apart; frames on the way are lost.
func (l *Link) Close() error {
	err := errors.Join(l.a.close(), l.b.close())
	l.forward.stop()
	l.back.stop()
	l.tasks.Wait()
	return err
}

// port is a packet socket on one interface.
type port struct {
	file   *os.File // keeps the socket's reads interruptible
	raw    rawConn
	addr   unix.SockaddrLinklayer
	closed atomic.Bool
}

// rawConn is the part of syscall.RawConn that is needed.
type rawConn interface {
	Read(f func(fd uintptr) (done bool)) error
	Write(f func(fd uintptr) (done bool)) error
}

// allFrames is ETH_P_ALL in network order.
const allFrames = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8

func openPort(name string) (*port, error) {
	if err := NoOffload(name); err != nil {
		return nil, err
	}
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("joining %s: %w", name, err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, allFrames)
	if err != nil {
		return nil, fmt.Errorf("opening a packet socket: %w", err)
	}
	p := &port{file: os.NewFile(uintptr(fd), name), addr: unix.SockaddrLinklayer{Protocol: allFrames, Ifindex: ifi.Index}}
	if p.raw, err = p.file.SyscallConn(); err == nil {
		err = p.bind(fd)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("joining %s: %w", name, err), p.file.Close())
	}
	return p, nil
}

// bind also makes the socket hear only what comes in, not what it sends
// itself, and gives it room for a burst.
func (p *port) bind(fd int) error {
	return errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20),
		unix.Bind(fd, &p.addr),
	)
}

// receive hands frames to w until the port is closed.
func (p *port) receive(w *way) {
	buf := make([]byte, 65536)
	for {
		var n int
		var failed error
		err := p.raw.Read(func(fd uintptr) bool {
			n, _, failed = unix.Recvfrom(int(fd), buf, 0)
			return !errors.Is(failed, unix.EAGAIN)
		})
		if err != nil || p.closed.Load() {
			return
		}
		if failed == nil { // else the interface is down for a while
			w.take(buf[:n])
		}
	}
}

// send passes a frame on. What the interface does not take is lost, as on a
// cable.
func (p *port) send(frame []byte) (ok bool) {
	err := p.raw.Write(func(fd uintptr) bool {
		failed := unix.Sendto(int(fd), frame, 0, &p.addr)
		ok = failed == nil
		return !errors.Is(failed, unix.EAGAIN)
	})
	return ok && err == nil
}

func (p *port) close() error {
	p.closed.Store(true)
	return p.file.Close()
}
