// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package splice

import (
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestFullPipesAreGivenBack: receivers that take nothing keep neither pipes
// nor bytes from the others, and get everything in the end.
func TestFullPipesAreGivenBack(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIP: it takes seconds")
	}
	m := New()
	defer m.Close()
	const links, size = 40, 16 << 20
	before := pipesOpen(t) // the test's own
	var wg sync.WaitGroup
	var chains []*chain
	for range links {
		c := join(t, m, Options{})
		chains = append(chains, c)
		wg.Go(func() {
			n, err := c.a.Write(make([]byte, size))
			if n != size || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
			_ = c.a.CloseWrite()
		})
	}
	time.Sleep(3500 * time.Millisecond)
	if n, most := pipesOpen(t)-before, 2*runtime.GOMAXPROCS(0)*maxIdlePipes; n > most {
		t.Errorf("%d ends of pipes are open, want at most %d", n, most)
	}
	for _, c := range chains {
		wg.Go(func() {
			if n, err := io.Copy(io.Discard, c.b); n != size || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
	wg.Wait()
}

// pipesOpen counts this process's ends of pipes.
func pipesOpen(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range list {
		to, _ := os.Readlink("/proc/self/fd/" + e.Name()) // one may be closed meanwhile
		if strings.HasPrefix(to, "pipe:") {
			n++
		}
	}
	return n
}
