// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"slices"
	"testing"

	"github.com/culvertd/culvert/internal/inventory"
)

// subjects takes what waits in a channel.
func subjects(ch <-chan inventory.Change) (list []string) {
	for {
		select {
		case c, ok := <-ch:
			if !ok {
				return append(list, "closed")
			}
			if c.Kind == inventory.Missed {
				c.Subject = "missed"
			}
			list = append(list, c.Subject)
		default:
			return list
		}
	}
}

func TestFeedScopes(t *testing.T) {
	f := newFeed()
	all, stopAll := f.subscribe(inventory.All, "")
	one, stopOne := f.subscribe(1, "")
	operator, stopOperator := f.subscribe(inventory.Operator, "")
	defer stopAll()
	defer stopOne()
	defer stopOperator()
	f.tell(inventory.EndpointCreated, "a", "", 1)
	f.tell(inventory.SessionBegun, "b", "", 1, 2)
	f.tell(inventory.EndpointDeleted, "c", "", 0)
	if got := subjects(all); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("all: %v", got)
	}
	if got := subjects(one); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("one: %v", got)
	}
	if got := subjects(operator); !slices.Equal(got, []string{"c"}) {
		t.Errorf("operator: %v", got)
	}
}

func TestFeedResumes(t *testing.T) {
	f := newFeed()
	ch, stop := f.subscribe(1, "")
	f.tell(inventory.EndpointCreated, "a", "", 1)
	seen := (<-ch).ID
	stop()
	stop()
	for _, s := range []string{"b", "not mine", "c"} {
		user := int64(1)
		if s == "not mine" {
			user = 2
		}
		f.tell(inventory.EndpointChanged, s, "", user)
	}
	again, stop := f.subscribe(1, seen)
	defer stop()
	f.tell(inventory.EndpointChanged, "d", "", 1)
	if got := subjects(again); !slices.Equal(got, []string{"b", "c", "d"}) {
		t.Errorf("%v", got)
	}
	for _, after := range []string{newFeed().id(1), "nonsense", f.id(99), f.run + "-x"} {
		ch, stop := f.subscribe(1, after)
		if got := subjects(ch); !slices.Equal(got, []string{"missed"}) {
			t.Errorf("after %q: %v", after, got)
		}
		stop()
	}
	if ch, stop := f.subscribe(1, f.id(f.last)); len(subjects(ch)) != 0 {
		t.Error("nothing was missed")
	} else {
		stop()
	}
}

func TestFeedForgets(t *testing.T) {
	f := newFeed()
	for range feedSize + 10 {
		f.tell(inventory.EndpointChanged, "x", "", 1)
	}
	oldest, stop := f.subscribe(1, f.id(10))
	defer stop()
	if got := subjects(oldest); len(got) != feedSize || got[0] != "x" {
		t.Errorf("%d, first %q", len(got), got[0])
	}
	gone, stop := f.subscribe(1, f.id(9))
	defer stop()
	if got := subjects(gone); !slices.Equal(got, []string{"missed"}) {
		t.Errorf("%v", got)
	}
}

func TestFeedGivesUpWhoIsSlow(t *testing.T) {
	f := newFeed()
	slow, stop := f.subscribe(1, "")
	defer stop()
	for range feedQueue + 1 {
		f.tell(inventory.EndpointChanged, "x", "", 1)
	}
	got := subjects(slow)
	if len(got) != feedQueue+1 || got[feedQueue] != "closed" {
		t.Errorf("%d, last %q", len(got), got[len(got)-1])
	}
	if len(f.subs) != 0 {
		t.Error("still subscribed")
	}
}

func TestFeedCloses(t *testing.T) {
	f := newFeed()
	ch, stop := f.subscribe(1, "")
	f.close()
	f.tell(inventory.EndpointChanged, "x", "", 1)
	if got := subjects(ch); !slices.Equal(got, []string{"closed"}) {
		t.Errorf("%v", got)
	}
	stop()
	late, stop := f.subscribe(1, "")
	stop()
	if got := subjects(late); !slices.Equal(got, []string{"closed"}) {
		t.Errorf("late: %v", got)
	}
}
