// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package config

import "io/fs"

// Elsewhere the mode says nothing of who may read a file.
func permissions(fs.FileInfo) fs.FileMode { return 0 }
