// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/culvertd/culvert/internal/splice"
)

// local is where a forward listens.
type local struct {
	unix bool
	addr string // host:port, or a path
}

// parseLocal understands a port, host:port, and a path with a slash in it.
func parseLocal(s string) (local, error) {
	if strings.ContainsAny(s, `/\`) {
		return local{unix: true, addr: s}, nil
	}
	host, port := "127.0.0.1", s
	if strings.Contains(s, ":") {
		var err error
		if host, port, err = net.SplitHostPort(s); err != nil {
			return local{}, fmt.Errorf("local address %q: %w; give a port, host:port, or the path of a unix socket", s, err)
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return local{}, fmt.Errorf("local address %q: not a port; give a number up to 65535, host:port, or the path of a unix socket", s)
	}
	return local{addr: net.JoinHostPort(host, port)}, nil
}

// listen opens a listener for streams.
func (l local) listen(ctx context.Context) (net.Listener, error) {
	lc := net.ListenConfig{KeepAlive: -1} // keepAlive does it
	lc.SetMultipathTCP(false)             // its sockets cannot be spliced
	if !l.unix {
		ln, err := lc.Listen(ctx, "tcp", l.addr)
		if err != nil {
			return nil, fmt.Errorf("listening: %w", err)
		}
		return splice.Listener(ln), nil
	}
	if err := removeStale(ctx, l.addr); err != nil {
		return nil, err
	}
	ln, err := lc.Listen(ctx, "unix", l.addr)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	// Nobody else could have connected in between and got anything but a
	// connection to what they may reach anyway; still, owner only.
	if err := os.Chmod(l.addr, 0o600); err != nil {
		_ = ln.Close()
		return nil, fmt.Errorf("protecting the socket: %w", err)
	}
	return ln, nil
}

// removeStale removes a socket that nobody listens on. Anything else at path
// stays.
func removeStale(ctx context.Context, path string) error {
	fi, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("looking at the socket's place: %w", err)
	case fi.Mode()&os.ModeSocket == 0:
		return fmt.Errorf("listening on %s: something else than a socket is there", path)
	}
	d := net.Dialer{Timeout: time.Second}
	if conn, err := d.DialContext(ctx, "unix", path); err == nil {
		_ = conn.Close()
		return fmt.Errorf("listening on %s: another process listens there", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("removing a stale socket: %w", err)
	}
	return nil
}
