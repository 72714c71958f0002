// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"testing"
	"time"
)

func TestConnectionPage(t *testing.T) {
	withStore(t, func(t *testing.T, s *Store) {
		at := time.UnixMilli(1_700_000_000_000)
		var events []ConnectionEvent
		for i := range 5 { // two of one millisecond
			events = append(events, ConnectionEvent{Kind: Connected, EndpointID: "mine", Conn: uint64(i), Time: at.Add(time.Duration(i/2) * time.Millisecond)})
		}
		events = append(events, ConnectionEvent{Kind: Connected, EndpointID: "another", Conn: 9, Time: at})
		if err := s.AppendConnections(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		var got []uint64
		for p := (Page{Limit: 2}); ; {
			list, next, err := s.ConnectionPage(t.Context(), "mine", p)
			if err != nil || len(list) > 2 {
				t.Fatal(list, err)
			}
			for _, e := range list {
				got = append(got, e.Conn)
			}
			if p.After = next; next == "" {
				break
			}
		}
		for i, conn := range got {
			if len(got) != 5 || conn != uint64(4-i) {
				t.Fatalf("%v", got)
			}
		}
		if _, _, err := s.ConnectionPage(t.Context(), "mine", Page{After: "?"}); !errors.Is(err, ErrCursor) {
			t.Error(err)
		}
	})
}
