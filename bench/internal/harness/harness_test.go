// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"math"
	"os"
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	var h Histogram
	for i := range 100_000 {
		h.Add(time.Duration(i) * time.Microsecond)
	}
	for _, p := range []float64{0, .01, .5, .9, .99} {
		want := p * 1e8
		if got := float64(h.Percentile(p)); math.Abs(got-want) > want/50+1 {
			t.Errorf("percentile %g: got %g ns, want about %g", p, got, want)
		}
	}
	h.Add(-time.Second) // clocks of two cores may differ; it must not panic
}

func TestMedianAndNum(t *testing.T) {
	if m := Median([]float64{3, 1, 2, 10}); m != 2.5 {
		t.Errorf("median %g, want 2.5", m)
	}
	for v, want := range map[float64]string{
		7987966: "7,990,000", 98765: "98,765", 1234: "1,234", 123.4: "123", 12.34: "12.3", 1.234: "1.23", 0.1234: "0.123", 0: "0",
		math.NaN(): "–",
	} {
		if got := Num(v); got != want {
			t.Errorf("Num(%g) = %q, want %q", v, got, want)
		}
	}
}

func TestTargetRoundTrip(t *testing.T) {
	const s = "a=127.0.0.1:1,server=42,agent=7,agent=8,path=/ws/x,tls=yes"
	x, err := ParseTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	if x.String() != s {
		t.Errorf("got %q, want %q", x, s)
	}
	if _, err := ParseTarget("a=b,c"); err == nil {
		t.Error("an option without value was accepted")
	}
}

func TestCPUSecondsAgreesWithRusage(t *testing.T) {
	cpu, own := CPUSeconds(os.Getpid()), OwnCPUSeconds()
	for start := time.Now(); time.Since(start) < 50*time.Millisecond; {
	}
	cpu, own = CPUSeconds(os.Getpid())-cpu, OwnCPUSeconds()-own
	if math.Abs(cpu-own) > 0.02+own/2 {
		t.Errorf("the CPU clock says %g s, rusage %g s", cpu, own)
	}
}
