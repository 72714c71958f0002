// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"io"
	"sync/atomic"
	"testing"
)

// TestKilledInTheMiddle: whichever program dies without a word, data that was
// cut off does not look complete.
func TestKilledInTheMiddle(t *testing.T) {
	for _, victim := range []string{"gateway", "provider", "visitor"} {
		for _, direction := range []string{"download", "upload"} {
			t.Run(victim+" in a "+direction, func(t *testing.T) {
				r := openReal(t)
				app, service := connect(t, r.local, r.service)
				from, to := service, app
				if direction == "upload" {
					from, to = app, service
				}
				var sent atomic.Int64
				done := make(chan struct{})
				go func() {
					defer close(done)
					chunk := noise(64<<10, 7)
					for {
						n, err := from.Write(chunk)
						sent.Add(int64(n))
						if err != nil {
							return
						}
					}
				}()
				got, err := io.CopyN(io.Discard, to, 32<<20)
				if err != nil {
					t.Fatal(err)
				}
				map[string]func(){"gateway": r.gw.Kill, "provider": r.provider.Kill, "visitor": r.visitor.Kill}[victim]()
				rest, err := io.Copy(io.Discard, to)
				if err == nil {
					t.Errorf("%d of at least %d bytes arrived, and looked complete", got+rest, sent.Load())
				} else if !isReset(err) {
					t.Errorf("the receiver gets %v, want a reset", err)
				}
				_ = from.Close()
				<-done
			})
		}
	}
}
