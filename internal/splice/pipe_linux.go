// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"golang.org/x/sys/unix"
)

// pipe is what a loop splices through. It is empty between turns, so one is
// enough for all flows of a loop.
type pipe struct{ r, w int }

// open reports whether there is a pipe, and makes one if it can.
func (p *pipe) open() bool {
	if p.r >= 0 {
		return true
	}
	var fd [2]int
	if unix.Pipe2(fd[:], unix.O_CLOEXEC|unix.O_NONBLOCK) != nil {
		return false
	}
	*p = pipe{fd[0], fd[1]}
	// Without it a splice moves 64 KiB at most, and costs a third more.
	_, _ = unix.FcntlInt(uintptr(p.w), unix.F_SETPIPE_SZ, mostSplice)
	return true
}

func (p *pipe) close() {
	if p.r >= 0 {
		_ = unix.Close(p.r)
		_ = unix.Close(p.w)
	}
	*p = pipe{-1, -1}
}

// fill moves up to n bytes from a socket into the pipe.
func (p *pipe) fill(fd, n int) (int, error) {
	return splice(fd, p.w, n)
}

// drain moves up to n bytes out of the pipe to a socket. With an error it says
// how many went before.
func (p *pipe) drain(fd, n int) (int, error) {
	done := 0
	for done < n {
		k, err := splice(p.r, fd, n-done)
		if err != nil {
			return done, err
		}
		done += k
	}
	return done, nil
}

// empty reads the n bytes that are left in the pipe.
func (p *pipe) empty(n int) ([]byte, error) {
	b := make([]byte, n)
	for at := 0; at < n; {
		k, err := read(p.r, b[at:])
		if err != nil || k == 0 {
			p.close()
			return nil, unix.EIO // a pipe that has lost bytes: reset
		}
		at += k
	}
	return b, nil
}

func splice(from, to, n int) (int, error) {
	for {
		k, err := unix.Splice(from, nil, to, nil, n, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
		if err != unix.EINTR {
			return int(k), err
		}
	}
}
