// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

// doorkeeper are accounts that know nothing but who may come in.
type doorkeeper struct {
	Accounts

	mu  sync.Mutex
	err error
}

func (*doorkeeper) AdmitSource(netip.Addr) error { return nil }
func (*doorkeeper) AdmitUser(int64) error        { return nil }

func (d *doorkeeper) Authenticate(_ context.Context, token string) (account.Principal, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var id int64
	_, err := fmt.Sscanf(token, "user-%d", &id)
	if d.err != nil {
		err = d.err
	}
	return account.Principal{User: store.User{ID: id}, Scope: account.ScopeFull}, err
}

func (d *doorkeeper) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

// listener is a client of an event stream.
type listener struct {
	*httptest.ResponseRecorder
	done   chan struct{}
	cancel context.CancelFunc

	mu       sync.Mutex
	text     strings.Builder
	full     error     // what writing fails with
	deadline time.Time // of writing
}

func (l *listener) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline = t
	return nil
}

// ends reports whether the server can still say that the stream is complete.
func (l *listener) ends() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Now().Before(l.deadline)
}

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full != nil {
		return 0, l.full
	}
	return l.text.Write(p)
}

func (*listener) Flush() {}

// got returns what has come since it was called last.
func (l *listener) got() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

func (l *listener) over() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// streamRig is an API in a bubble, where seconds take no time.
type streamRig struct {
	api  *API
	core *fakeCore
	door *doorkeeper
}

func newStreamRig(t *testing.T) *streamRig {
	t.Helper()
	r := &streamRig{core: newFakeCore(nil), door: new(doorkeeper)}
	var err error
	r.api, err = New(Config{
		Core: func() Core { return r.core }, Accounts: func() Accounts { return r.door }, Logger: zap.NewNop,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *streamRig) listen(user int, lastID string) *listener {
	return r.listenAs(user, lastID, Client{Secure: true})
}

func (r *streamRig) listenAs(user int, lastID string, client Client) *listener {
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{ResponseRecorder: httptest.NewRecorder(), done: make(chan struct{}), cancel: cancel}
	req := httptest.NewRequestWithContext(ctx, get, prefix+"/events", nil)
	req.Header.Set("Authorization", fmt.Sprint("Bearer user-", user))
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	go func() {
		defer close(l.done)
		r.api.Serve(l, req, client)
	}()
	synctest.Wait()
	return l
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newStreamRig(t)
		l := r.listen(7, "epoch-41")
		if ct := l.Header().Get("Content-Type"); l.Code != 200 || ct != "text/event-stream" {
			t.Fatalf("%d %s", l.Code, ct)
		}
		if first := l.got(); !strings.HasPrefix(first, "retry: ") || !slices.Equal(r.core.after, []string{"epoch-41"}) {
			t.Errorf("got %q, resumed after %q", first, r.core.after)
		}
		r.core.feed <- inventory.Change{ID: "epoch-42", Kind: inventory.EndpointCreated, Subject: "abc", Users: []int64{7}}
		synctest.Wait()
		want := "id: epoch-42\nevent: change\ndata: {\"kind\":\"endpoint_created\",\"time\":\"0001-01-01T00:00:00Z\",\"subject\":\"abc\"}\n\n"
		if got := l.got(); got != want {
			t.Errorf("got %q", got)
		}
		time.Sleep(liveEach)
		synctest.Wait()
		if got := l.got(); !strings.HasPrefix(got, "event: live\ndata: {") || !strings.HasSuffix(got, "}\n\n") {
			t.Errorf("got %q", got)
		}
		// Nothing new: silence, and then a sign of life.
		time.Sleep(heartbeatAfter - liveEach)
		synctest.Wait()
		if got := l.got(); got != "" {
			t.Errorf("got %q", got)
		}
		time.Sleep(liveEach)
		synctest.Wait()
		if got := l.got(); got != ": still here\n\n" {
			t.Errorf("got %q", got)
		}
		r.core.mu.Lock()
		r.core.live.Connections = 5
		r.core.mu.Unlock()
		time.Sleep(liveEach)
		synctest.Wait()
		if got := l.got(); !strings.Contains(got, `"connections":5`) {
			t.Errorf("got %q", got)
		}
		l.cancel()
		synctest.Wait()
		if !l.over() {
			t.Error("it outlives its client")
		}
	})
}

func TestEventsEnd(t *testing.T) {
	for name, end := range map[string]func(*streamRig, *listener){
		"a reload":       func(r *streamRig, _ *listener) { r.api.Close() },
		"the core stops": func(r *streamRig, _ *listener) { close(r.core.feed) },
		"the log-in has ended": func(r *streamRig, _ *listener) {
			r.door.fail(&account.Error{Code: account.CodeUnauthenticated, Message: "x"})
		},
		"the address is blocked": func(r *streamRig, _ *listener) {
			r.core.mu.Lock()
			defer r.core.mu.Unlock()
			r.core.blocked = netip.MustParsePrefix("10.0.0.0/8")
		},
		"the client does not read": func(_ *streamRig, l *listener) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.full = http.ErrHandlerTimeout
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newStreamRig(t)
				l := r.listenAs(7, "", Client{Addr: netip.MustParseAddr("10.1.2.3")})
				time.Sleep(writeTimeout + time.Second) // in which nothing is written
				end(r, l)
				time.Sleep(heartbeatAfter - writeTimeout)
				synctest.Wait()
				if !l.over() {
					l.cancel()
					t.Error("it goes on")
				}
				if !l.ends() {
					t.Error("its end comes too late to be written")
				}
			})
		})
	}
}

// While the database is away, whoever is in stays in.
func TestEventsWithoutDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newStreamRig(t)
		l := r.listen(7, "")
		r.door.fail(&account.Error{Code: account.CodeUnavailable, Message: "x"})
		time.Sleep(time.Minute)
		synctest.Wait()
		if l.over() {
			t.Error("it has ended")
		}
		l.cancel()
		synctest.Wait()
	})
}

func TestEventsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newStreamRig(t)
		var open []*listener
		for i := range maxStreams {
			open = append(open, r.listen(1+i/maxStreamsOfUser, ""))
		}
		refused := func(user int) {
			t.Helper()
			l := r.listen(user, "")
			if l.Code != 429 || l.Header().Get("Retry-After") == "" {
				t.Errorf("%d, headers %v", l.Code, l.Header())
			}
		}
		refused(1)    // has eight
		refused(1000) // has none, but there are 512
		open[0].cancel()
		synctest.Wait()
		open[0] = r.listen(1, "")
		if open[0].Code != 200 {
			t.Errorf("a place that was given up is taken: %d", open[0].Code)
		}
		r.api.Close()
		synctest.Wait()
		for i, l := range open {
			if !l.over() {
				t.Fatalf("stream %d goes on", i)
			}
		}
		if l := r.listen(1, ""); l.Code != 503 || l.Header().Get("Retry-After") != "1" {
			t.Errorf("a new one after the end: %d, %v", l.Code, l.Header())
		}
		if len(r.api.streams.of) != 0 || r.api.streams.all != 0 {
			t.Errorf("%d streams are still counted", r.api.streams.all)
		}
	})
}
