// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package tunnel

import (
	"net"
	"time"
)

// setUserTimeout does nothing: the system's own limit holds, which is minutes.
func setUserTimeout(net.Conn, time.Duration) {}
