// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/store"
)

// Whatever is sent as a secret comes back in no answer and stands in no log.
func TestSecretsStaySecret(t *testing.T) {
	r := newRig(t)
	w := r.world()
	const canary = "Canary-9f2c1ab7-Tweety"
	for _, row := range expected {
		method, path, _ := strings.Cut(row.route, " ")
		if row.path != "" {
			path = row.path
		}
		if consuming[row.route] {
			w = r.world()
		}
		body := row.body
		for _, field := range []string{"<invite>", "<password>2", "<password>", "<reset>", "<device-code>", "<user-code>", "XXXXXXXXXX"} {
			body = strings.ReplaceAll(body, field, canary)
		}
		if !strings.Contains(body, canary) {
			continue
		}
		body = w.fill(body)
		for _, b := range []string{body, body[:len(body)-1] + `,"unknown":"` + canary + `"}`, `{"password":7,"x":"` + canary + `"}`, `"` + canary} {
			got := r.do(method, w.fill(path), b, bearer(w.tokens["owner"]))
			if got.StatusCode >= 500 || strings.Contains(got.text, canary) {
				t.Errorf("%s with %s: %d %s", row.route, b, got.StatusCode, got.text)
			}
		}
	}
	r.do(get, "/auth/me", "", bearer(canary)).want(t, 401, codeUnauthed)
	r.do(get, "/auth/me", "", with("Cookie", secureCookie+"="+canary)).want(t, 401, codeUnauthed)
	r.do(post, "/endpoints", "{}", bearer(w.owner.token), with("Idempotency-Key", canary)).want(t, 201, "")
	for _, line := range r.log.All() {
		text := fmt.Sprint(line.Message, line.ContextMap())
		for _, s := range []string{canary, password, w.owner.token} {
			if strings.Contains(text, s) {
				t.Errorf("the log has it: %s", text)
			}
		}
	}
	list, _, err := r.store.Audit(context.Background(), store.AuditFilter{}, store.Page{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		for _, s := range []string{canary, password, w.owner.token} {
			if strings.Contains(string(e.Before)+string(e.After)+e.Target+e.Agent, s) {
				t.Errorf("the audit log has it: %+v", e)
			}
		}
	}
}
