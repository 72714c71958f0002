// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/auth"
)

// slowHasher takes as long as a real hash, of the bubble's time.
type slowHasher struct{ auth.Hasher }

func (h slowHasher) Check(hash, password string) (bool, error) {
	time.Sleep(350 * time.Millisecond)
	return h.Hasher.Check(hash, password)
}

// 50 wrong tries a second from 100 addresses for a minute, on two cores: those
// who have logged in before, and those who come new once the attack is known
// for what it is, get in within two seconds.
func TestHonestLoginsUnderAttack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		for i := range 60 {
			r.user(fmt.Sprint("user", i))
		}
		r.gate = auth.NewGate(2)
		r.hasher.Hasher = slowHasher{r.hasher.Hasher}
		stop := time.Now().Add(time.Minute)
		var wg sync.WaitGroup
		for i := 0; time.Now().Before(stop); i++ {
			from := From{Addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 100)})}
			wg.Go(func() { _, _ = r.LogIn(t.Context(), fmt.Sprint("user", i%7), "wrong", from) })
			if i%50 == 0 {
				wg.Go(func() { honest(r, fmt.Sprint("user", i/50), home, "at home") })
			}
			if i%50 == 25 && i > 10*50 {
				at := From{Addr: netip.AddrFrom4([4]byte{10, 1, 0, byte(i / 50)})}
				wg.Go(func() { honest(r, fmt.Sprint("user", 7+i/50%53), at, "somewhere new") })
			}
			time.Sleep(20 * time.Millisecond)
		}
		wg.Wait()
		if n := r.hasher.checked.Load(); n > 60*6+60 {
			t.Errorf("%d passwords were checked in a minute on two cores", n)
		}
		if n := r.logs.FilterMessage("log-ins failed").Len(); n > 200 {
			t.Errorf("%d lines of the log", n)
		}
	})
}

// honest logs in and fails the test if that takes two seconds or more.
func honest(r *rig, name string, from From, what string) {
	begun := time.Now()
	_, err := r.LogIn(r.t.Context(), name, goodPassword, from)
	if d := time.Since(begun); err != nil || d >= 2*time.Second {
		r.t.Errorf("%s %s: %v after %v", name, what, err, d)
	}
}
