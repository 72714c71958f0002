// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package refudp

import (
	"bytes"
	"net/netip"
	"testing"
)

// Whatever comes, what goes out is the same packets in the same order.
func TestJoinerKeepsPackets(t *testing.T) {
	a, b := netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("10.0.0.2:2")
	type packet struct {
		from netip.AddrPort
		data string
	}
	var got []packet
	trains := 0
	j := joiner{forward: func(from netip.AddrPort, train []byte, size int) {
		trains++
		for len(train) > 0 {
			n := min(size, len(train))
			got = append(got, packet{from, string(train[:n])})
			train = train[n:]
		}
	}}
	var want []packet
	in := func(from netip.AddrPort, size int, sizes ...int) {
		var train []byte
		for _, n := range sizes {
			p := bytes.Repeat([]byte{byte('a' + len(want)%26)}, n)
			want = append(want, packet{from, string(p)})
			train = append(train, p...)
		}
		j.add(from, train, size)
	}
	in(a, 100, 100, 100, 40) // ends short: nothing may follow it
	in(a, 100, 100)
	in(a, 100, 100, 100)
	in(b, 100, 100)   // another source
	in(b, 50, 50)     // shorter: the last of its train
	in(b, 50, 50)     // so this is the next
	in(b, 60, 60)     // longer
	in(b, 20, 20, 20) // a train of shorter ones does not fit behind
	for range 200 {   // more than one call may send
		in(a, 1000, 1000)
	}
	j.flush()
	j.flush()
	if len(got) != len(want) {
		t.Fatalf("%d packets came out, %d went in", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("packet %d: %d bytes of %v, want %d of %v", i, len(got[i].data), got[i].from, len(want[i].data), want[i].from)
		}
	}
	if trains > 15 {
		t.Errorf("%d packets left in %d trains", len(want), trains)
	}
}
