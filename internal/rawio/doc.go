// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package rawio reads and writes sockets that do not block. Where the system
// allows it the calls go past Go's scheduler: telling it costs a fifth of a small
// write, and after large ones its monitor wakes up every 20 µs to take the
// processor away, which was 7 % of what an end of a tunnel does.
//
// It does not wait, and keeps no descriptor open: whoever calls it sees to both,
// as splice's loops and the RawConns of internal/tunnel do.
package rawio
