// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package conformance holds the protocol cases of the Autobahn test suite as Go
// tests, with its case numbers, and a few of our own that it lacks.
//
// Autobahn expects its peer to echo. The hub does not: what one connection
// sends, all others receive. So each case has a sender, which does what Autobahn
// does, and receivers, which must get exactly the messages that an echo would
// have returned. When a case ends, a message from a further connection must be
// the next thing that each receiver sees: that proves without waiting that
// nothing else came through and that a bad sender harmed nobody.
//
// The cases run against a hub behind a plain net/http server. To run them
// against any other server, set CULVERT_CONFORMANCE_URL to the URL of an
// endpoint that takes messages of 16 MiB and has compression on, and that
// nobody else uses meanwhile. With CULVERT_SOAK=1 the message counts are
// Autobahn's; without it some are smaller, as exceptions_test.go says.
package conformance
