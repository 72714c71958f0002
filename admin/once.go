// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/store"
)

// Repeatable is what routes that create something take besides their body.
type Repeatable struct {
	Key string `header:"Idempotency-Key" minLength:"16" maxLength:"128" doc:"Random, such as a UUID. A repeated request with the same key within 24 hours creates nothing, and gets the first one's answer."`
}

// kept is an answer as it is remembered.
type kept struct {
	Header map[string]string `json:"header"`
	Body   []byte            `json:"body"`
}

// inFlight holds the keys whose first request is being answered.
type inFlight struct {
	mu   sync.Mutex
	keys map[string]bool
}

// take reports whether the key was free; done gives it back.
func (f *inFlight) take(key string) (done func(), ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.keys[key] {
		return nil, false
	}
	if f.keys == nil {
		f.keys = make(map[string]bool)
	}
	f.keys[key] = true
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.keys, key)
	}, true
}

// once gives a repeated request the answer of the first one. Only successes
// are remembered: what has failed has created nothing, and may be tried again.
func (a *API) once(ctx huma.Context, next func(huma.Context)) {
	q := requestOf(ctx.Context())
	text := q.http.Header.Get("Idempotency-Key")
	if !routeOf(ctx.Operation()).create || len(text) < 16 || len(text) > 128 {
		next(ctx) // a key of another length is refused with the other parameters
		return
	}
	key := hashed("key", text)
	done, ok := a.inFlight.take(fmt.Sprint(q.who.User.ID, " ", key))
	if !ok {
		a.refuse(ctx, &Error{
			status: http.StatusConflict, Code: codeInProgress, retry: time.Second,
			Message: "The first request with this Idempotency-Key is not answered yet.",
		})
		return
	}
	defer done()
	same := hashed(q.http.Method, q.http.URL.Path, string(q.body))
	old, err := q.core.Idempotent(ctx.Context(), q.who.User.ID, key)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && time.Since(old.CreatedAt) >= store.AnswerLife:
	case err != nil:
		a.refuse(ctx, err)
		return
	case old.Request != same:
		a.refuse(ctx, fail(http.StatusUnprocessableEntity, codeKeyReused,
			"This Idempotency-Key has been used for another request. Take a new one."))
		return
	default:
		if err := replay(answerOf(ctx), old, text); err != nil {
			a.refuse(ctx, err)
		}
		return
	}
	next(ctx)
	a.keep(ctx.Context(), q, answerOf(ctx), text, store.Idempotent{UserID: q.who.User.ID, Key: key, Request: same})
}

// keep remembers ans, if it is a success. Answers hold secrets that are shown
// once, so they are sealed with the one thing that the database does not have:
// the key itself, of which it knows the hash.
func (a *API) keep(ctx context.Context, q *request, ans *answer, text string, i store.Idempotent) {
	if ans.status < 200 || ans.status > 299 {
		return
	}
	k := kept{Header: make(map[string]string), Body: ans.body.Bytes()}
	for _, name := range []string{"Content-Type", "ETag", "Location"} {
		if v := ans.Header().Get(name); v != "" {
			k.Header[name] = v
		}
	}
	plain, err := json.Marshal(k)
	if err == nil {
		i.Body, err = seal(text, plain)
	}
	if err == nil {
		i.Status, i.CreatedAt = ans.status, time.Now()
		err = q.core.SaveIdempotent(context.WithoutCancel(ctx), i)
	}
	if err != nil {
		// What was asked for is done; only a repetition would do it twice.
		a.cfg.Logger().Warn("remembering an answer", zap.Error(err))
	}
}

func replay(ans *answer, old store.Idempotent, text string) error {
	plain, err := open(text, old.Body)
	if err != nil {
		return fmt.Errorf("opening a remembered answer: %w", err)
	}
	var k kept
	if err := json.Unmarshal(plain, &k); err != nil {
		return fmt.Errorf("reading a remembered answer: %w", err)
	}
	for name, v := range k.Header {
		ans.Header().Set(name, v)
	}
	ans.WriteHeader(old.Status)
	_, _ = ans.Write(k.Body) // into memory
	return nil
}

// hashed tells lists of parts apart, whatever the parts hold.
func hashed(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}

func aead(text string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(text), nil, "culvert remembered answer", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func seal(text string, plain []byte) ([]byte, error) {
	c, err := aead(text)
	if err != nil {
		return nil, err
	}
	return c.Seal(nil, nil, plain, nil), nil //nolint:gosec // it makes its own nonce
}

func open(text string, sealed []byte) ([]byte, error) {
	c, err := aead(text)
	if err != nil {
		return nil, err
	}
	return c.Open(nil, nil, sealed, nil)
}
