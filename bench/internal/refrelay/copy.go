// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package refrelay

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// join moves bytes both ways until both ends have said that they are done.
func join(a, b *net.TCPConn, move func(dst, src *net.TCPConn)) {
	done := make(chan struct{})
	one := func(dst, src *net.TCPConn) {
		move(dst, src)
		_ = dst.CloseWrite() // fails where the other side has gone, which ends it too
	}
	go func() {
		defer close(done)
		one(a, b)
	}()
	one(b, a)
	<-done
	_, _ = a.Close(), b.Close()
}

// viaCopy is what Go has: splice(2) through a pipe that is taken before the
// first byte and kept to the last.
func viaCopy(dst, src *net.TCPConn) { _, _ = io.Copy(dst, src) }

const (
	smallSize = 16 << 10
	pipeSize  = 1 << 20
)

var (
	small = sync.Pool{New: func() any { return new([smallSize]byte) }}
	pipes = make(chan *pipe, 64) // those at rest
)

// viaHybrid holds nothing while a direction is idle. Small reads go through a
// pooled buffer; after one that filled it, splice takes over until the source
// runs dry.
func viaHybrid(dst, src *net.TCPConn) {
	from, err := src.SyscallConn()
	if err != nil {
		return
	}
	to, err := dst.SyscallConn()
	if err != nil {
		return
	}
	for bulk := false; ; {
		var n int
		if bulk {
			n, err = spliceOnce(to, from)
		} else {
			n, err = readOnce(dst, from)
		}
		if err != nil || n == 0 {
			return
		}
		bulk = n >= smallSize
	}
}

// readOnce waits for bytes and moves up to a buffer of them through memory.
func readOnce(dst *net.TCPConn, from syscall.RawConn) (n int, err error) {
	var buf *[smallSize]byte
	var failed error
	err = from.Read(func(fd uintptr) bool {
		buf = small.Get().(*[smallSize]byte)
		n, failed = ignoringEINTR(func() (int, error) { return unix.Read(int(fd), buf[:]) })
		if errors.Is(failed, unix.EAGAIN) {
			small.Put(buf)
			buf = nil
			return false
		}
		return true
	})
	if buf == nil {
		return 0, err
	}
	defer small.Put(buf)
	if err = errors.Join(err, failed); err != nil || n <= 0 {
		return 0, err
	}
	return dst.Write(buf[:n])
}

// spliceOnce waits for bytes and moves as many as fit a pipe.
func spliceOnce(to, from syscall.RawConn) (n int, err error) {
	var p *pipe
	var failed error
	err = from.Read(func(fd uintptr) bool {
		if p, failed = takePipe(); failed != nil {
			return true
		}
		n, failed = splice(int(fd), p.w, pipeSize)
		if errors.Is(failed, unix.EAGAIN) {
			p.rest()
			p = nil
			return false
		}
		return true
	})
	if p == nil {
		return 0, errors.Join(err, failed)
	}
	left := max(n, 0)
	if err = errors.Join(err, failed); err == nil && left > 0 {
		err = to.Write(func(fd uintptr) bool {
			for left > 0 {
				var k int
				k, failed = splice(p.r, int(fd), left)
				if failed != nil {
					return !errors.Is(failed, unix.EAGAIN)
				}
				left -= k
			}
			return true
		})
	}
	if left > 0 { // it has bytes of a dead connection
		p.close()
		return 0, errors.Join(err, failed)
	}
	p.rest()
	return n, err
}

func splice(from, to, n int) (int, error) {
	return ignoringEINTR(func() (int, error) {
		k, err := unix.Splice(from, nil, to, nil, n, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
		return int(k), err
	})
}

func ignoringEINTR(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

type pipe struct{ r, w int }

func takePipe() (*pipe, error) {
	select {
	case p := <-pipes:
		return p, nil
	default:
	}
	var fd [2]int
	if err := unix.Pipe2(fd[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, err
	}
	// Without it the pipe holds 64 KiB, and a turn costs more.
	_, _ = unix.FcntlInt(uintptr(fd[0]), unix.F_SETPIPE_SZ, pipeSize)
	return &pipe{fd[0], fd[1]}, nil
}

func (p *pipe) rest() {
	select {
	case pipes <- p:
	default:
		p.close()
	}
}

func (p *pipe) close() {
	_, _ = unix.Close(p.r), unix.Close(p.w)
}
