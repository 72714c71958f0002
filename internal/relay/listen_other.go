// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package relay

import "net"

func inheritKeepAlive(net.Listener) bool { return false }
