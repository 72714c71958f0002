// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package config reads the client's configuration file, in JSON or YAML, and
// its token. It is strict: a misspelt key would otherwise be a setting that
// silently does nothing. It reports all problems at once, each with its line
// and its remedy.
package config
