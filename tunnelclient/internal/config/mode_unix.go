// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package config

import "io/fs"

func permissions(info fs.FileInfo) fs.FileMode { return info.Mode().Perm() }
