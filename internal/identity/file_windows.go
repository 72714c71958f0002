// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// createOwn makes a file whose access list has one entry, this user's, and
// inherits nothing. It has the list from the first moment on.
func createOwn(path string) (*os.File, error) {
	user, err := self()
	if err != nil {
		return nil, err
	}
	sd, err := windows.SecurityDescriptorFromString("D:P(A;;FA;;;" + user.String() + ")")
	if err != nil {
		return nil, fmt.Errorf("making the access list of %s: %w", path, err)
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	sa := windows.SecurityAttributes{SecurityDescriptor: sd}
	sa.Length = uint32(unsafe.Sizeof(sa))
	h, err := windows.CreateFile(name, windows.GENERIC_WRITE, 0, &sa, windows.CREATE_NEW, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// What an entry of an access list allows, in the bits of files and in the
// generic ones.
const (
	readBits  = windows.FILE_READ_DATA | windows.GENERIC_READ | windows.GENERIC_ALL
	writeBits = windows.FILE_WRITE_DATA | windows.FILE_APPEND_DATA | windows.GENERIC_WRITE | windows.GENERIC_ALL |
		windows.WRITE_DAC | windows.WRITE_OWNER
)

// checkOthers looks at whom the access list lets in, beside the user, the
// system and the administrators, who can do everything anyway.
func checkOthers(f *os.File, others rights) error {
	sd, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("reading the access list of %s: %w", f.Name(), err)
	}
	user, err := self()
	if err != nil {
		return err
	}
	var refused windows.ACCESS_MASK
	if others&mayWrite != 0 {
		refused |= writeBits
	}
	if others&mayRead != 0 {
		refused |= readBits
	}
	dacl, _, err := sd.DACL()
	if err != nil || dacl == nil {
		return tooOpen(f.Name()) // no list lets everybody in
	}
	for i := range uint32(dacl.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(dacl, i, &ace); err != nil {
			return fmt.Errorf("reading the access list of %s: %w", f.Name(), err)
		}
		sid := (*windows.SID)(unsafe.Pointer(&ace.SidStart))
		if ace.Header.AceType == windows.ACCESS_ALLOWED_ACE_TYPE && ace.Mask&refused != 0 && !trusted(sid, user) {
			return tooOpen(f.Name())
		}
	}
	return nil
}

func trusted(sid, user *windows.SID) bool {
	return sid.Equals(user) || sid.IsWellKnown(windows.WinLocalSystemSid) ||
		sid.IsWellKnown(windows.WinBuiltinAdministratorsSid)
}

func tooOpen(path string) error {
	return fmt.Errorf("%s is open to other users; run `icacls \"%s\" /inheritance:r /grant:r \"%%USERNAME%%:F\"`", path, path)
}

// rename waits for readers: while one has the file open, it cannot be replaced.
func rename(from, to string) error {
	for try := 1; ; try++ {
		err := os.Rename(from, to)
		busy := errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
		if !busy || try == 50 {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// self is the user of this process.
func self() (*windows.SID, error) {
	u, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, fmt.Errorf("asking who this user is: %w", err)
	}
	return u.User.Sid, nil
}
