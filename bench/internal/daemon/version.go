// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import "debug/buildinfo"

// Version is the version of a module in a Go binary.
func Version(file, module string) string {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return "?"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module {
			return m.Version
		}
	}
	return "?"
}
