// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/inventory"
)

const onceKey = "8c0a2c1e-5a1a-4f0a-9f55-0a6f2f6f9d10"

func TestRepeatedCreate(t *testing.T) {
	r := newRig(t)
	alice, bob := r.user("alice", false), r.user("bob", false)
	key := with("Idempotency-Key", onceKey)
	first := r.do(post, "/endpoints", `{"name":"x"}`, bearer(alice.token), key).want(t, 201, "")
	again := r.do(post, "/endpoints", `{"name":"x"}`, bearer(alice.token), key).want(t, 201, "")
	if first.text != again.text || again.Header.Get("ETag") != `"v1"` || again.Header.Get("Content-Type") != contentType {
		t.Errorf("got %s and %s, headers %v", first.text, again.text, again.Header)
	}
	if n := len(r.core.endpoints); n != 1 {
		t.Errorf("%d endpoints", n)
	}
	// With another body, or at another route, it is another request.
	r.do(post, "/endpoints", `{"name":"y"}`, bearer(alice.token), key).want(t, 422, codeKeyReused)
	r.do(post, "/tokens/client", `{"name":"x"}`, bearer(alice.token), key).want(t, 422, codeKeyReused)
	// It is by account.
	r.do(post, "/endpoints", `{"name":"y"}`, bearer(bob.token), key).want(t, 201, "")
	if n := len(r.core.endpoints); n != 2 {
		t.Errorf("%d endpoints", n)
	}
	r.do(post, "/endpoints", `{}`, bearer(alice.token), with("Idempotency-Key", "short")).want(t, 422, codeInvalid)
}

// Nothing has been created by what has failed, so it may be tried again.
func TestRepeatedFailure(t *testing.T) {
	r := newRig(t)
	alice := r.user("alice", false)
	key := with("Idempotency-Key", onceKey)
	r.do(post, "/endpoints", `{"colour":"x"}`, bearer(alice.token), key).want(t, 422, codeInvalid)
	r.do(post, "/endpoints", `{"name":"x"}`, bearer(alice.token), key).want(t, 201, "")
}

// Whoever may no longer do it does not get the old answer either.
func TestRepeatedWithoutLeave(t *testing.T) {
	r := newRig(t)
	alice := r.user("alice", false)
	_, text := r.apiToken(alice, account.ScopeRead, time.Time{})
	key := with("Idempotency-Key", onceKey)
	r.do(post, "/endpoints", `{}`, bearer(alice.token), key).want(t, 201, "")
	r.do(post, "/endpoints", `{}`, bearer(text), key).want(t, 403, codeForbidden)
}

// slowCore makes endpoints when told to.
type slowCore struct {
	*fakeCore
	begun, goOn chan struct{}
}

func (c slowCore) CreateEndpoint(ctx context.Context, owner int64, name string, s inventory.EndpointSettings) (inventory.Endpoint, error) {
	close(c.begun)
	<-c.goOn
	return c.fakeCore.CreateEndpoint(ctx, owner, name, s)
}

func TestRepeatedWhileItRuns(t *testing.T) {
	r := newRig(t)
	alice := r.user("alice", false)
	slow := slowCore{r.core, make(chan struct{}), make(chan struct{})}
	r.api.cfg.Core = func() Core { return slow }
	key := with("Idempotency-Key", onceKey)
	var first reply
	var wg sync.WaitGroup
	wg.Go(func() { first = r.do(post, "/endpoints", `{}`, bearer(alice.token), key) })
	<-slow.begun
	r.do(post, "/endpoints", `{}`, bearer(alice.token), key).want(t, 409, codeInProgress)
	close(slow.goOn)
	wg.Wait()
	first.want(t, 201, "")
	again := r.do(post, "/endpoints", `{}`, bearer(alice.token), key).want(t, 201, "")
	if again.text != first.text || len(r.core.endpoints) != 1 {
		t.Errorf("got %s and %s", first.text, again.text)
	}
}

// Answers hold secrets that are shown once. The database does not.
func TestRememberedSecrets(t *testing.T) {
	dir := t.TempDir()
	r := newRigIn(t, dir)
	alice := r.user("alice", false)
	var made NewAPIToken
	key := with("Idempotency-Key", onceKey)
	const body = `{"name":"x","scope":"read"}`
	r.do(post, "/tokens/api", body, bearer(alice.token), key).want(t, 201, "").into(t, &made)
	again := r.do(post, "/tokens/api", body, bearer(alice.token), key).want(t, 201, "")
	if !strings.Contains(again.text, made.Token) {
		t.Errorf("the token is lost: %s", again.text)
	}
	files, err := filepath.Glob(filepath.Join(dir, "culvert.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{made.Token, onceKey, alice.token, password} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %q", filepath.Base(f), secret)
			}
		}
	}
}
