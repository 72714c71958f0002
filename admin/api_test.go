// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"testing"
)

func TestLogInAndCreate(t *testing.T) {
	r := newRig(t)
	alice := r.user("alice", false)
	var l NewLogin
	r.do(post, "/auth/login", `{"login":"alice@example.com","password":"`+password+`"}`).want(t, 200, "").into(t, &l)
	if l.Token == "" || l.User.ID != alice.ID || l.User.Name != "alice" {
		t.Errorf("got %+v", l)
	}
	id := r.endpoint(somebody{token: l.Token})
	got := r.do(get, "/endpoints/"+id, "", bearer(l.Token)).want(t, 200, "")
	if got.Header.Get("ETag") != `"v1"` {
		t.Errorf("headers %v", got.Header)
	}
}
