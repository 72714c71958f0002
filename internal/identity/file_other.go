// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package identity

import (
	"fmt"
	"io/fs"
	"os"
)

func createOwn(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

func checkOthers(f *os.File, others rights) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	mode, word := info.Mode().Perm(), "changed"
	var refused fs.FileMode
	if others&mayWrite != 0 {
		refused |= 0o022
	}
	if others&mayRead != 0 {
		refused, word = 0o077, "read"
	}
	// A device or a pipe, such as /dev/fd/3, has no mode of its own.
	if info.Mode().IsRegular() && mode&refused != 0 {
		return fmt.Errorf("%s can be %s by other users (mode %04o); run `chmod 600 %s`", f.Name(), word, mode, f.Name())
	}
	return nil
}

func rename(from, to string) error { return os.Rename(from, to) }
