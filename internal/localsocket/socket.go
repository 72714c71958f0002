// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package localsocket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"
)

// A unix socket's path must fit sockaddr_un: 108 bytes on Linux, 104 on macOS.
const maxSocketPath = 100

// Path returns where the socket of the folder dir is: in the folder itself or,
// if that path is too long for a socket, in a folder of its own under the
// system's temporary folder, named by a hash of dir.
func Path(dir string) string {
	path := filepath.Join(dir, "control.sock")
	if len(path) <= maxSocketPath {
		return path
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(os.TempDir(), "culvert-"+hex.EncodeToString(sum[:8]), "control.sock")
}

// Listen opens the socket of the folder. The caller holds the folder's lock, so
// a socket file that is there already belongs to nobody alive.
func Listen(dir string) (net.Listener, error) {
	path := Path(dir)
	if err := checkParent(dir, path, true); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("removing the stale socket: %w", err)
	}
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("protecting the socket: %w", err), ln.Close())
	}
	return ln, nil
}

// Dial connects to the socket of the folder.
func Dial(ctx context.Context, dir string) (net.Conn, error) {
	path := Path(dir)
	if err := checkParent(dir, path, false); err != nil {
		return nil, err
	}
	return (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "unix", path)
}

// checkParent makes sure that a socket outside the folder lies in a folder that
// is ours: the temporary folder is open to all, and another user could have put
// a folder of that name there first.
func checkParent(dir, path string, create bool) error {
	parent := filepath.Dir(path)
	if parent == dir {
		return nil
	}
	if create {
		if err := os.Mkdir(parent, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	info, err := os.Lstat(parent)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ownedByUs(info) {
		return fmt.Errorf("the folder %s, which holds the control socket, must be a folder of this user with mode 0700; "+
			"remove it, or use a folder with a shorter path", parent)
	}
	return nil
}
