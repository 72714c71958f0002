// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package process runs the real programs for tests: the gateway and
// tunnelclient, as a user would start them, each in a folder of its own and,
// where a test wants it, in a network namespace of its own. It is no library
// for anything but tests.
package process
