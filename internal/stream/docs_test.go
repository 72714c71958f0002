// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// names of kinds, as docs/streams.md has them.
var names = [...]string{
	kHello: "HELLO", kOpen: "OPEN", kResume: "RESUME", kResumed: "RESUMED", kOpened: "OPENED", kData: "DATA", kAck: "ACK",
	kFin: "FIN", kRst: "RST", kEnd: "END", kPing: "PING", kPong: "PONG", kGone: "GONE", kYield: "YIELD",
}

// TestDocumented: each kind of frame with its lengths, each code, bound and
// time stands in both languages' docs/streams.md, and no more kinds and codes.
func TestDocumented(t *testing.T) {
	if len(names) != len(lengths) {
		t.Fatal("a kind has no name here")
	}
	for _, page := range []string{"../../docs/streams.md", "../../docs/streams.zh-CN.md"} {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		rows := 0
		for k, l := range lengths {
			if k == 0 {
				continue
			}
			length := fmt.Sprint(l[0])
			if l[1] > l[0] {
				length = fmt.Sprintf("%d–%d", l[0], l[1])
			}
			if row := fmt.Sprintf("| %d | `%s` | %s | ", k, names[k], length); strings.Contains(text, row) {
				rows++
			} else {
				t.Errorf("%s: no row %q", page, row)
			}
		}
		for c := range codeTexts {
			if strings.Contains(text, fmt.Sprintf("\n| %d | ", c)) {
				rows++
			}
		}
		if n := strings.Count(text, "\n| 1"); n != 7 { // kinds 1, 10 to 14, code 1
			t.Errorf("%s: %d rows begin with a 1", page, n)
		}
		if rows != len(lengths)-1+len(codeTexts) {
			t.Errorf("%s: %d rows", page, rows)
		}
		for _, want := range []string{
			size(guaranteed), size(defaultMaxWindow), size(defaultBudget), size(maxData), size(maxAnswers),
			fmt.Sprint(defaultMaxDetached), fmt.Sprint(maxService), since(ackDelay), since(quiet), since(idlePing), since(patience),
			since(doubtful), since(probeEach), since(defaultResume), since(afterlife), since(farewell),
		} {
			if !strings.Contains(text, " "+want+" ") && !strings.Contains(text, " "+want+",") && !strings.Contains(text, " "+want+"，") &&
				!strings.Contains(text, " "+want+";") && !strings.Contains(text, " "+want+"；") {
				t.Errorf("%s: nothing says %q", page, want)
			}
		}
	}
}

func size(n int) string {
	if n >= 1<<20 {
		return fmt.Sprint(n>>20, " MiB")
	}
	return fmt.Sprint(n>>10, " KiB")
}

func since(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return fmt.Sprint(int(d.Minutes()), " min")
	case d >= time.Second:
		return fmt.Sprint(int(d.Seconds()), " s")
	}
	return fmt.Sprint(d.Milliseconds(), " ms")
}
