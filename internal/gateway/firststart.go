// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/culvertd/culvert/internal/control"
)

// FirstLink returns a link that makes the first administrator; the zero value
// if there is one already.
func (c *Core) FirstLink(ctx context.Context) (control.Link, error) {
	b, err := c.book()
	if err != nil {
		return control.Link{}, err
	}
	return b.firstLink(ctx)
}

func (b *book) firstLink(ctx context.Context) (control.Link, error) {
	code, expires, err := b.accounts.FirstLink(ctx)
	if err != nil || code == "" {
		return control.Link{}, toControl(err)
	}
	return control.Link{URL: b.site.Load().Setup(code), ExpiresAt: expires}, nil
}

// firstLinkPath returns where LeaveFirstLink leaves the link.
func firstLinkPath(dir string) string { return filepath.Join(dir, "first-admin") }

// LeaveFirstLink writes a result of FirstLink into a file of the data folder
// that only its owner may read, for a gateway that nobody looks at, and returns
// the file's path. For the zero value it removes what an earlier start has left.
func (c *Core) LeaveFirstLink(l control.Link) (string, error) {
	path := firstLinkPath(c.dir)
	if l == (control.Link{}) {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return "", wrap("removing the link of the first start", err)
		}
		return "", nil
	}
	return path, wrap("leaving a link for the first administrator", writeFile(path, []byte(l.URL+"\n")))
}
