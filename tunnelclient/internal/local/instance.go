// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/localsocket"
)

const (
	lockFile = "lock"
	infoFile = "client.json"
)

// Identity is who a client is.
type Identity struct {
	Server    string `json:"server"`             // as Canonical writes it
	ClientID  string `json:"clientId,omitempty"` // empty until the gateway has said it
	TokenHash string `json:"tokenHash"`          // see HashToken
}

// Info describes a running client.
type Info struct {
	Identity
	PID     int    `json:"pid"`
	Command string `json:"command"` // run or connect
	Config  string `json:"config,omitempty"`
}

// String is for messages.
func (i Info) String() string {
	name := i.ClientID
	if name == "" {
		name = "a client without a name yet"
	}
	return fmt.Sprintf("%s at %s (process %d)", name, i.Server, i.PID)
}

// HeldError says that another process is signed in with an identity.
type HeldError struct{ Info Info }

// Error implements error.
func (e *HeldError) Error() string {
	if e.Info.PID == 0 {
		return "another tunnelclient is signed in with this name here; stop it first"
	}
	return fmt.Sprintf("another tunnelclient is signed in here as %s; stop it first", e.Info)
}

// Instance is a folder that this process holds.
type Instance struct {
	Dir  string
	info Info
	lock *flock.Flock
}

// Home returns the folder for all clients of this user: CULVERT_HOME, or the
// system's place for settings.
func Home(getenv func(string) string) (string, error) {
	if dir := getenv("CULVERT_HOME"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", errors.New("this user has no folder for settings; set CULVERT_HOME to a folder of your choice")
	}
	return filepath.Join(dir, "culvert"), nil
}

// Canonical returns the same text for URLs that lead to the same gateway.
func Canonical(u *url.URL) string { return identity.ServerName(u) }

// HashServer returns the same short text for URLs that lead to the same gateway.
func HashServer(u *url.URL) string { return hash("server", Canonical(u)) }

// HashToken returns what tells tokens apart without telling them.
func HashToken(token string) string { return hash("token", token) }

// Acquire takes the identity's folder. It keeps trying for a moment, because
// another command may be about to let it go; then it reports a *HeldError.
func Acquire(ctx context.Context, home string, info Info) (*Instance, error) {
	dir := filepath.Join(home, info.folder())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for state: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	l := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	ok, err := l.TryLockContext(ctx, 20*time.Millisecond)
	switch {
	case ok:
	case err == nil || errors.Is(err, context.DeadlineExceeded):
		holder, _ := readInfo(dir) // without it the message is only shorter
		return nil, &HeldError{holder}
	default:
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	info.PID = os.Getpid()
	i := &Instance{Dir: dir, info: info, lock: l}
	if err := i.write(); err != nil {
		return nil, errors.Join(err, l.Unlock())
	}
	return i, nil
}

// SetClientID notes the name that the gateway gave.
func (i *Instance) SetClientID(id string) error {
	if i.info.ClientID == id {
		return nil
	}
	i.info.ClientID = id
	return i.write()
}

// Close lets the folder go.
func (i *Instance) Close() error {
	err := os.Remove(filepath.Join(i.Dir, infoFile))
	return errors.Join(err, i.lock.Unlock())
}

// Find lists the clients that run now and match what is set in want. With a
// name the token does not matter: it may have been replaced since.
func Find(ctx context.Context, home string, want Identity) ([]Found, error) {
	entries, err := os.ReadDir(home)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for running clients: %w", err)
	}
	var found []Found
	for _, e := range entries {
		dir := filepath.Join(home, e.Name())
		info, err := readInfo(dir)
		if err != nil || !want.matches(info.Identity) {
			continue
		}
		conn, err := localsocket.Dial(ctx, dir)
		if err != nil {
			continue // it was killed, or is about to start or to end
		}
		_ = conn.Close()
		found = append(found, Found{Dir: dir, Info: info})
	}
	return found, nil
}

// Found is a client that runs.
type Found struct {
	Info
	Dir string
}

func (id Identity) matches(other Identity) bool {
	switch {
	case id.Server != "" && id.Server != other.Server:
		return false
	case id.ClientID != "":
		return id.ClientID == other.ClientID
	default:
		return id.TokenHash == "" || id.TokenHash == other.TokenHash
	}
}

// folder is short: a control socket's path must fit 100 bytes.
func (id Identity) folder() string {
	if id.ClientID != "" {
		return hash("client", id.Server, id.ClientID)
	}
	return hash("nameless", id.Server, id.TokenHash)
}

func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}

func readInfo(dir string) (Info, error) {
	var i Info
	b, err := os.ReadFile(filepath.Join(dir, infoFile))
	if err == nil {
		err = json.Unmarshal(b, &i)
	}
	return i, err
}

// write replaces the file in one step: others read it at any time.
func (i *Instance) write() error {
	b, err := json.Marshal(i.info)
	if err != nil {
		return fmt.Errorf("encoding the client's state: %w", err)
	}
	path := filepath.Join(i.Dir, infoFile)
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return fmt.Errorf("writing the client's state: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("writing the client's state: %w", err)
	}
	return nil
}
