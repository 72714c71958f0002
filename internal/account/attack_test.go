// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"errors"
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

// More than can wait are told when to come again, and it is not held against
// the account.
func TestOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.close()
		r.user("Ada")
		r.gate = auth.NewGate(1)
		r.hasher.Hasher = slowHasher{r.hasher.Hasher}
		var wg sync.WaitGroup
		for range 9 { // who is known comes first: one has its turn, eight wait
			wg.Go(func() { r.wants("the owner", second(r.LogIn(t.Context(), "Ada", goodPassword, home)), "") })
		}
		synctest.Wait()
		try := func(i int) error {
			return second(r.LogIn(t.Context(), "nobody", "wrong", From{Addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})}))
		}
		for i := range 10 {
			err := try(i)
			r.wants("no room", err, CodeRateLimited)
			if e, ok := errors.AsType[*Error](err); ok && e.RetryAfter != 2*time.Second {
				t.Errorf("RetryAfter = %v, want 2 s", e.RetryAfter)
			}
		}
		wg.Wait()
		r.wants("room again", try(11), CodeLoginFailed)
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
