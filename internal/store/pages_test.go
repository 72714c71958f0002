// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// many is how many of each kind the lists below have.
const many = 10_000

// fillMany makes many users, each with an endpoint and an entry in the audit
// log, in one transaction.
func fillMany(t testing.TB, s *Store) {
	t.Helper()
	ctx := t.Context()
	err := s.inTx(ctx, func(tx conn) error {
		for i := range many {
			at := t0.Add(time.Duration(i) * time.Second)
			u, err := createUser(ctx, tx, User{Name: fmt.Sprintf("user%05d", i*7919%many), Email: fmt.Sprint(i, "@example.com"), CreatedAt: at})
			if err != nil {
				return err
			}
			for _, query := range []string{
				`INSERT INTO endpoints (endpoint_id, user_id, name, name_key, created_at) VALUES (?, ?, 'e', 'e', ?)`,
				`INSERT INTO endpoint_stats (endpoint_id, updated_at) VALUES (?, CAST(? AS BIGINT) + CAST(? AS BIGINT))`,
				`INSERT INTO audit_log (target, actor_id, time, action) VALUES (?, ?, ?, 'x')`,
			} {
				if _, err := tx.exec(ctx, query, testID(i), u.ID, millis(at)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// longLists are the lists that may have pages without end; the searches find
// nothing, or only the last one.
var longLists = map[string]func(ctx context.Context, s *Store, after string) (n int, next string, err error){
	"users": func(ctx context.Context, s *Store, after string) (int, string, error) {
		items, next, err := s.Users(ctx, UserFilter{}, Page{After: after, Limit: maxPage})
		return len(items), next, err
	},
	"users, search": func(ctx context.Context, s *Store, _ string) (int, string, error) {
		items, next, err := s.Users(ctx, UserFilter{Search: "nobody"}, Page{Limit: maxPage})
		return len(items), next, err
	},
	"endpoints": func(ctx context.Context, s *Store, after string) (int, string, error) {
		items, next, err := s.EndpointsOf(ctx, -1, "", Page{After: after, Limit: maxPage})
		return len(items), next, err
	},
	"endpoints, search": func(ctx context.Context, s *Store, _ string) (int, string, error) {
		items, next, err := s.EndpointsOf(ctx, -1, testID(many-1), Page{Limit: maxPage})
		return len(items), next, err
	},
	"audit log": func(ctx context.Context, s *Store, after string) (int, string, error) {
		items, next, err := s.Audit(ctx, AuditFilter{}, Page{After: after, Limit: maxPage})
		return len(items), next, err
	},
	"audit log, target": func(ctx context.Context, s *Store, _ string) (int, string, error) {
		items, next, err := s.Audit(ctx, AuditFilter{Target: testID(17), Action: "x"}, Page{Limit: maxPage})
		return len(items), next, err
	},
}

// TestLongLists reads the lists to their ends, and shows that a page does not
// take longer the further it is.
func TestLongLists(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	fillMany(t, s)
	for name, read := range longLists {
		var total int
		var took []time.Duration
		for after, more := "", true; more; {
			start := time.Now()
			n, next, err := read(t.Context(), s, after)
			if err != nil {
				t.Fatal(err)
			}
			took = append(took, time.Since(start))
			total += n
			after, more = next, next != ""
		}
		slices.Sort(took)
		t.Logf("%s: %d pages, median %v, slowest %v", name, len(took), took[len(took)/2], took[len(took)-1])
		if want := many; !strings.Contains(name, ",") && (total != want || len(took) != want/maxPage) {
			t.Errorf("%s: %d in %d pages, want %d", name, total, len(took), want)
		}
	}
}

// BenchmarkPage reads pages of 200 of 10,000, and tells the slowest percent.
func BenchmarkPage(b *testing.B) {
	s := newStore(b)
	fillMany(b, s)
	for name, read := range longLists {
		b.Run(strings.ReplaceAll(name, ", ", "/"), func(b *testing.B) {
			var took []time.Duration
			after := ""
			for b.Loop() {
				start := time.Now()
				_, next, err := read(b.Context(), s, after)
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
				after = next
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
		})
	}
}

// BenchmarkAddRollups writes a minute of a thousand subjects.
func BenchmarkAddRollups(b *testing.B) {
	run := func(b *testing.B, dsn string) {
		s := openStore(b, dsn)
		minute := make([]Rollup, 1000)
		for i := range minute {
			minute[i] = Rollup{Kind: RollupEndpoint, Subject: testID(i), Start: t0, MessagesIn: 1}
		}
		for b.Loop() {
			if err := s.AddRollups(b.Context(), minute); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("SQLite", func(b *testing.B) { run(b, filepath.Join(b.TempDir(), "culvert.db")) })
	b.Run("PostgreSQL", func(b *testing.B) {
		if server == nil {
			b.Skip("no PostgreSQL")
		}
		run(b, server.newDatabase(b))
	})
}
