// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package tunnel

import (
	"errors"
	"net"

	"github.com/culvertd/culvert/internal/splice"
)

// rawApp is for systems whose sockets can be tried without waiting.
type rawApp struct{ splice.Conn }

func asRaw(net.Conn) (rawApp, bool) { return rawApp{}, false }

func (rawApp) WriteAll([]byte) error { return errors.ErrUnsupported }

func (rawApp) ReadLazily(func() []byte, func()) (int, error) { return 0, errors.ErrUnsupported }
