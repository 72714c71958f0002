// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"golang.org/x/sys/unix"

	"github.com/culvertd/culvert/internal/rawio"
)

// maxPipes bounds the pipes of a loop. They are in use while a flow moves much,
// and no longer than a second or two while its receiver takes nothing.
const maxPipes = 64

// maxIdlePipes bounds those that wait to be used again.
const maxIdlePipes = maxPipes / 8

// pipe is what bytes are spliced through.
type pipe struct {
	r, w int
	n    int // bytes in it
}

// pipes are those of one loop.
type pipes struct {
	idle []*pipe
	made int
}

// get returns an empty pipe, or nil if there is none to be had.
func (ps *pipes) get() *pipe {
	if n := len(ps.idle); n > 0 {
		p := ps.idle[n-1]
		ps.idle = ps.idle[:n-1]
		return p
	}
	if ps.made == maxPipes {
		return nil
	}
	var fd [2]int
	if unix.Pipe2(fd[:], unix.O_CLOEXEC|unix.O_NONBLOCK) != nil {
		return nil
	}
	// Without it a splice moves 64 KiB at most, and costs a third more.
	_, _ = unix.FcntlInt(uintptr(fd[1]), unix.F_SETPIPE_SZ, mostSplice)
	ps.made++
	return &pipe{r: fd[0], w: fd[1]}
}

// put takes a pipe back. One that is not empty, or was not needed lately, is
// closed: a pipe holds memory and descriptors.
func (ps *pipes) put(p *pipe) {
	if p.n == 0 && len(ps.idle) < maxIdlePipes {
		ps.idle = append(ps.idle, p)
		return
	}
	ps.made--
	p.close()
}

func (ps *pipes) close() {
	for _, p := range ps.idle {
		p.close()
	}
	*ps = pipes{}
}

func (p *pipe) close() {
	_ = unix.Close(p.r)
	_ = unix.Close(p.w)
}

// fill moves up to n bytes from a socket into the pipe.
func (p *pipe) fill(fd, n int) (int, error) {
	k, err := splice(fd, p.w, n)
	p.n += max(k, 0)
	return k, err
}

// drain moves what is in the pipe to a socket, and says how much went before
// an error.
func (p *pipe) drain(fd int) (int, error) {
	done := 0
	for p.n > 0 {
		k, err := splice(p.r, fd, p.n)
		if err != nil {
			return done, err
		}
		done += k
		p.n -= k
	}
	return done, nil
}

// empty reads what is left in the pipe.
func (p *pipe) empty() ([]byte, error) {
	b := make([]byte, p.n)
	for at := 0; p.n > 0; {
		k, err := rawio.Read(p.r, b[at:])
		if err != nil || k == 0 {
			return nil, unix.EIO // a pipe that has lost bytes: reset
		}
		at += k
		p.n -= k
	}
	return b, nil
}

func splice(from, to, n int) (int, error) {
	for {
		k, _, errno := unix.RawSyscall6(unix.SYS_SPLICE, uintptr(from), 0, uintptr(to), 0, uintptr(n),
			unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
		switch errno {
		case 0:
			return int(k), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}
