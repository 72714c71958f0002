// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestOutage stops a PostgreSQL of its own, and starts it again.
func TestOutage(t *testing.T) {
	if server == nil {
		t.Skip("no PostgreSQL")
	}
	t.Parallel()
	p, err := newPostgres(context.Background(), server.bin)
	if err != nil {
		t.Fatal(err)
	}
	defer p.remove()
	s := openStore(t, p.newDatabase(t))
	u := addUser(t, s, "a")
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err1 := s.User(t.Context(), u.ID)
		_, err2 := s.CreateUser(t.Context(), User{Name: "b", Email: "b"})
		_, _, err3 := s.Users(t.Context(), UserFilter{}, Page{})
		for _, err := range []error{err1, err2, err3, s.Ping(t.Context()), s.SetMeta(t.Context(), "k", "v")} {
			if !Unavailable(err) || !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrNotFound) {
				t.Errorf("while it is away: %v", err)
			}
		}
	}
	if _, err := Open(t.Context(), p.url("test1")); !Unavailable(err) {
		t.Errorf("opening: %v", err)
	}
	if err := p.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	for {
		_, err := s.User(t.Context(), u.ID)
		if err == nil {
			break
		}
		if time.Since(back) > 5*time.Second {
			t.Fatalf("still away: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if _, err := s.CreateUser(t.Context(), User{Name: "b", Email: "b"}); err != nil {
		t.Error(err)
	}
}

// TestLocked has somebody else hold SQLite's write lock.
func TestLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "culvert.db")
	s := openStore(t, path)
	other, err := sql.Open(driverName, dsn(path, writerPragmas))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateUser(t.Context(), User{Name: "a", Email: "a"}); !Unavailable(err) {
		t.Errorf("locked: %v", err)
	}
	if _, err := s.Endpoints(t.Context()); err != nil {
		t.Errorf("reading: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	addUser(t, s, "a")
}

// TestFull limits the size of SQLite's file.
func TestFull(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	if _, err := s.writers.Exec(`PRAGMA max_page_count = 100`); err != nil {
		t.Fatal(err)
	}
	err := s.AppendConnections(t.Context(), someEvents(20000))
	if !Unavailable(err) {
		t.Errorf("full: %v", err)
	}
	if _, err := s.writers.Exec(`PRAGMA max_page_count = 100000`); err != nil {
		t.Fatal(err)
	}
	if err := s.AppendConnections(t.Context(), someEvents(20000)); err != nil {
		t.Errorf("with room: %v", err)
	}
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	_, notFound := s.User(t.Context(), 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, cancelled := s.User(ctx, 1)
	late, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	_, tooLate := s.User(late, 1)
	for err, want := range map[error]bool{notFound: false, cancelled: false, tooLate: true, os.ErrNotExist: false} {
		if err == nil || Unavailable(err) != want {
			t.Errorf("%v: %v", err, Unavailable(err))
		}
	}
}

// TestNoPassword opens addresses that cannot be opened.
func TestNoPassword(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse"
	for _, url := range []string{
		"postgres://culvert:" + secret + "@127.0.0.1:1/db?connect_timeout=2",
		"postgres://culvert:" + secret + "@127.0.0.1:port/db",
		"postgres://culvert:" + secret + "@127.0.0.1:1/db?sslmode=odd",
		"postgresql://culvert:" + secret + "@[::1/db",
	} {
		s, err := Open(t.Context(), url)
		if err == nil {
			s.Close()
			t.Fatal("opened")
		}
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err)} {
			if strings.Contains(text, secret) {
				t.Errorf("the password stands in %s", text)
			}
		}
	}
}

// TestDeadlock lets transactions lock two rows in either order: PostgreSQL gives
// some of them up, and nobody sees it.
func TestDeadlock(t *testing.T) { withStore(t, testDeadlock) }

func testDeadlock(t *testing.T, s *Store) {
	const rounds = 20
	ids := []string{testID(1), testID(2)}
	for _, id := range ids {
		createEndpoint(t, s, id)
	}
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			deltas := []StatsDelta{
				{EndpointID: ids[i], EndpointStats: EndpointStats{MessagesIn: 1}},
				{EndpointID: ids[1-i], EndpointStats: EndpointStats{MessagesIn: 1}},
			}
			for range rounds {
				if err := s.AddStats(t.Context(), deltas); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		if e, err := s.Endpoint(t.Context(), id); err != nil || e.Stats.MessagesIn != 2*rounds {
			t.Errorf("%+v, %v", e, err)
		}
	}
}

// TestRetry has a transaction fail as PostgreSQL's deadlocks do.
func TestRetry(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for _, tt := range []struct {
		code  string
		fails int
		calls int
	}{{"40P01", 0, 1}, {"40P01", 2, 3}, {"40001", 99, 5}, {"23505", 99, 1}} {
		calls := 0
		err := s.inTx(t.Context(), func(conn) error {
			if calls++; calls <= tt.fails {
				return fmt.Errorf("updating: %w", &pgconn.PgError{Code: tt.code})
			}
			return nil
		})
		if calls != tt.calls || (err == nil) != (tt.fails < tt.calls) {
			t.Errorf("%+v: %d calls, %v", tt, calls, err)
		}
	}
}
