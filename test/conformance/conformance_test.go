// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/wstest"
)

// testCase is one numbered case. Most say all in the fields; run is for those
// that must look between two writes.
type testCase struct {
	id   string
	set  endpoint
	send []wstest.Frame
	chop int // bytes a write; 0: all in one write

	want  []wstest.Message // what receivers get, and nothing else
	pongs []string         // what the sender gets, in this order
	code  int              // the hub closes the sender with it; 0: the sender may go on

	run func(p *play)
}

// perFrame as testCase.chop writes each frame on its own.
const perFrame = -1

// groups are the cases by the number before the first dot, and how many
// Autobahn 0.10.9 and later have of them. 11 is not in use, 8 neither.
var groups = []struct {
	name  string
	count int
	cases func() []testCase
}{
	{"1", 16, framing},
	{"2", 11, pings},
	{"3", 7, reservedBits},
	{"4", 10, opcodes},
	{"5", 20, fragmentation},
	{"6", 145, utf8Cases},
	{"7", 37, closing},
	{"9", 54, limits},
	{"10", 1, autoFragments},
	{"12", 90, deflatePayloads},
	{"13", 126, deflateOffers},
}

// autobahn is the number of cases of its full run.
const autobahn = 517

func TestAutobahn(t *testing.T) {
	tg := newTarget(t)
	seen := map[string]bool{}
	var line []string
	for _, g := range groups {
		cases := g.cases()
		if len(cases) != g.count {
			t.Errorf("group %s has %d cases, want %d", g.name, len(cases), g.count)
		}
		line = append(line, fmt.Sprintf("%s.*: %d", g.name, len(cases)))
		for _, c := range cases {
			if seen[c.id] || !strings.HasPrefix(c.id, g.name+".") {
				t.Errorf("case %s is there twice, or in the wrong group", c.id)
			}
			seen[c.id] = true
			t.Run(c.id, func(t *testing.T) { tg.run(t, c) })
		}
	}
	t.Logf("%d cases (%s)", len(seen), strings.Join(line, ", "))
	if len(seen) != autobahn {
		t.Errorf("%d cases, want %d", len(seen), autobahn)
	}
	for _, prefix := range slices.Sorted(maps.Keys(exceptions)) {
		n := 0
		for id := range seen {
			if id == prefix || strings.HasPrefix(id, prefix+".") {
				n++
			}
		}
		if n == 0 {
			t.Errorf("the exception %s concerns no case", prefix)
		}
		t.Logf("exception %s (%d cases): %s", prefix, n, exceptions[prefix])
	}
}

// TestOwn runs the cases that Autobahn lacks, numbered C.
func TestOwn(t *testing.T) {
	tg := newTarget(t)
	cases := slices.Concat(ownFraming(), ownUTF8(), ownCodes(), ownLimits(), ownDeflate())
	for _, c := range cases {
		t.Run(c.id, func(t *testing.T) { tg.run(t, c) })
	}
	t.Logf("%d cases of our own", len(cases))
	if want := 173; len(cases) != want {
		t.Errorf("%d cases, want %d", len(cases), want)
	}
}
