// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// run enters with each score in turn, a moment apart, and returns the scores in
// the order in which they ran and those that were refused. Each takes a second.
func run(t *testing.T, g *Gate, scores ...int) (ran, refused []int, most int) {
	t.Helper()
	var (
		mu      sync.Mutex
		wg      sync.WaitGroup
		running int
	)
	for _, score := range scores {
		wg.Go(func() {
			err := g.Do(t.Context(), score, func() {
				mu.Lock()
				ran = append(ran, score)
				running++
				most = max(most, running)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				running--
				mu.Unlock()
			})
			if err != nil {
				if !errors.Is(err, ErrBusy) {
					t.Errorf("Do = %v", err)
				}
				mu.Lock()
				refused = append(refused, score)
				mu.Unlock()
			}
		})
		time.Sleep(time.Millisecond)
	}
	wg.Wait()
	return ran, refused, most
}

func TestGateBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		ran, refused, most := run(t, NewGate(2), 0, 0, 0, 0, 0, 0)
		if len(ran) != 6 || refused != nil || most != 2 {
			t.Errorf("%d ran, %d were refused, at most %d at once; want 6, 0, 2", len(ran), len(refused), most)
		}
		if d := time.Since(begun); d < 3*time.Second || d > 4*time.Second {
			t.Errorf("took %v, want 3 s", d)
		}
	})
}

func TestGateOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ran, _, _ := run(t, NewGate(1), 5, 3, 7, 0, 3, -1)
		if want := []int{5, -1, 0, 3, 3, 7}; !slices.Equal(ran, want) {
			t.Errorf("ran in the order %v, want %v", ran, want)
		}
	})
}

// Whoever has failed never has the last free slot.
func TestGateKeepsASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(2)
		if _, _, most := run(t, g, 1, 1, 1, 1); most != 1 {
			t.Errorf("%d who have failed ran at once, want 1", most)
		}
		ran, _, most := run(t, g, 4, 4, 0)
		if want := []int{4, 0, 4}; !slices.Equal(ran, want) || most != 2 {
			t.Errorf("ran in the order %v, %d at once, want %v, 2", ran, most, want)
		}
	})
}

func TestGateFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scores := make([]int, 2+waitersPerSlot) // one runs, one is too many
		for i := range scores {
			scores[i] = 3
		}
		scores[len(scores)-1] = 0
		ran, refused, _ := run(t, NewGate(1), scores...)
		if !slices.Equal(refused, []int{3}) || ran[1] != 0 {
			t.Errorf("ran %v, refused %v: want the last comer second, and one with 3 refused", ran, refused)
		}
		_, refused, _ = run(t, NewGate(1), append(make([]int, 1+waitersPerSlot), 9)...)
		if !slices.Equal(refused, []int{9}) {
			t.Errorf("refused %v, want the one with 9", refused)
		}
	})
}

func TestGateGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		go func() { _ = g.Do(t.Context(), 0, func() { time.Sleep(time.Second) }) }()
		synctest.Wait()
		if err := g.Do(ctx, 0, func() { t.Error("ran") }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Do = %v", err)
		}
		if n := len(g.queue); n != 0 {
			t.Errorf("%d wait still", n)
		}
		time.Sleep(2 * time.Second)
		if err := g.Do(t.Context(), 0, func() {}); err != nil || g.running != 0 {
			t.Errorf("afterwards: %v, %d running", err, g.running)
		}
	})
}
