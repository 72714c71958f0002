// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/signaling"
)

// crew is a balancer of services that are named by single letters.
type crew struct{ balancer }

func newCrew(names string) *crew {
	c := new(crew)
	c.rename(names)
	return c
}

func (c *crew) rename(names string) {
	var list []signaling.Named
	for n := range strings.SplitSeq(names, "") {
		list = append(list, signaling.Named{Client: "c", Service: n})
	}
	c.set(list)
}

func (c *crew) member(name string) *member {
	for _, m := range c.all() {
		if m.Service == name {
			return m
		}
	}
	return nil
}

// among returns whom n visitors are taken to, if only some services are there.
func (c *crew) among(names string, n int) string {
	var list []*member
	for name := range strings.SplitSeq(names, "") {
		list = append(list, c.member(name))
	}
	var chosen strings.Builder
	for range n {
		chosen.WriteString(c.choose(list).Service)
	}
	return chosen.String()
}

// TestBalance: the fewest connections count, and equals take turns.
func TestBalance(t *testing.T) {
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	c := newCrew("abc")
	expect("nobody has one", c.among("abc", 7), "abcabca")
	c.leave(c.member("b"))
	c.leave(c.member("b"))
	expect("b has none", c.among("abc", 3), "bbc") // after c's turn, b's are the latest
	expect("c alone is there", c.among("c", 3), "ccc")
	expect("c has most", c.among("abc", 4), "baba")
	if c.choose(nil) != nil {
		t.Error("one of none is chosen")
	}

	one := newCrew("ab")
	for range 4 { // short ones, each over before the next
		m := one.choose(one.all())
		one.leave(m)
	}
	expect("turns without connections", one.among("ab", 4), "abab")

	// One that stays keeps its connections through a reload.
	c = newCrew("ab")
	expect("before", c.among("ab", 4), "abab")
	old := c.member("a")
	c.rename("bc")
	expect("a new one", c.among("bc", 3), "ccb")
	c.leave(old)
	c.rename("ab")
	expect("one that comes back is new", c.among("ab", 3), "aaa")
}

// TestBalanceOfTheBroken: who could not be reached comes last for a while, though
// it has the fewest connections.
func TestBalanceOfTheBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew("abc")
		c.fail(c.member("a"))
		if got := c.among("abc", 4); got != "bcbc" {
			t.Error(got)
		}
		if got := c.among("a", 1); got != "a" {
			t.Error("it is still there:", got)
		}
		c.fail(c.member("b"))
		c.fail(c.member("c"))
		if got := c.among("abc", 2); got != "ab" {
			t.Error("when all are, it is as if none were:", got)
		}
		time.Sleep(failPause)
		if got := c.among("abc", 1); got != "c" {
			t.Error("later:", got)
		}
	})
}
