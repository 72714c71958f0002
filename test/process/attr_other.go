// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package process

import "syscall"

func parented() *syscall.SysProcAttr { return nil }
