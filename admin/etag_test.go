// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"fmt"
	"testing"
)

func TestIfMatch(t *testing.T) {
	r := newRig(t)
	alice := r.user("alice", false)
	id := r.endpoint(alice)
	change := func(tag string) reply {
		return r.do(patch, "/endpoints/"+id, `{"name":"x"}`, bearer(alice.token), with("If-Match", tag))
	}
	got := change(`"v1"`).want(t, 200, "")
	if got.Header.Get("ETag") != `"v2"` {
		t.Errorf("headers %v", got.Header)
	}
	for _, tag := range []string{`"v1"`, `"v3"`, `v2`, `W/"v2"`, `"v02"`, `"v0"`, `"v-1"`, `"2"`, `"v1", "v2"`, `"v99999999999999999999"`} {
		change(tag).want(t, 412, codeConflict)
	}
	change(`*`).want(t, 200, "")
	r.do(remove, "/endpoints/"+id, "", bearer(alice.token), with("If-Match", `"v2"`)).want(t, 412, codeConflict)
	r.do(remove, "/endpoints/"+id, "", bearer(alice.token), with("If-Match", `"v3"`)).want(t, 204, "")
}

func TestIfMatchOfUsers(t *testing.T) {
	r := newRig(t)
	root, bob := bearer(r.user("root", true).token), r.user("bob", false)
	path := fmt.Sprint("/admin/users/", bob.ID)
	tag := r.do(get, path, "", root).want(t, 200, "").Header.Get("ETag")
	got := r.do(patch, path, `{"limits":{"endpoints":7}}`, root, with("If-Match", tag)).want(t, 200, "")
	if got.Header.Get("ETag") == tag {
		t.Error("the ETag stays")
	}
	r.do(patch, path, `{"disabled":true}`, root, with("If-Match", tag)).want(t, 412, codeConflict)
	r.do(remove, path, "", root, with("If-Match", tag)).want(t, 412, codeConflict)
	r.do(remove, path, "", root, with("If-Match", got.Header.Get("ETag"))).want(t, 204, "")
}

func TestIfMatchOfSettings(t *testing.T) {
	r := newRig(t)
	root := bearer(r.user("root", true).token)
	const path = "/admin/settings/terms"
	set := func(text string, o ...option) reply {
		return r.do(put, path, `{"value":"`+text+`"}`, append(o, root)...)
	}
	first := r.do(get, path, "", root).want(t, 200, "").Header.Get("ETag")
	one := set("one", with("If-Match", first)).want(t, 200, "").Header.Get("ETag")
	set("two", with("If-Match", first)).want(t, 412, codeConflict)
	set("two", with("If-Match", one)).want(t, 200, "")
	set("three").want(t, 200, "")
	var terms Terms
	if r.do(get, "/auth/terms", "").into(t, &terms); terms.Text != "three" {
		t.Errorf("terms are %q", terms.Text)
	}
	r.do(put, path, `{"value":7}`, root).want(t, 422, codeInvalid)
	r.do(put, "/admin/settings/colour", `{"value":7}`, root).want(t, 422, codeInvalid)
}
