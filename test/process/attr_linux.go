// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package process

import "syscall"

// parented lets a process die with the thread that started it; the Go runtime
// ends threads only when a locked goroutine ends.
func parented() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
