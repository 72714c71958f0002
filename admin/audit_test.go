// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Every change of an endpoint is written down with who did it, from where, and
// what was before and after.
func TestChangesAreAudited(t *testing.T) {
	r := newRig(t)
	alice, root := r.user("alice", false), bearer(r.user("root", true).token)
	id := r.endpoint(alice)
	r.do(patch, "/endpoints/"+id, `{"name":"two"}`, bearer(alice.token), with("User-Agent", "curl/8")).want(t, 200, "")
	r.do(remove, "/endpoints/"+id, "", root).want(t, 404, codeNotFound) // not hers: nothing happens
	r.do(remove, "/admin/endpoints/"+id, "", root).want(t, 204, "")
	var list List[AuditEntry]
	r.do(get, "/admin/audit?target=endpoint/"+id, "", root).want(t, 200, "").into(t, &list)
	if len(list.Items) != 3 {
		t.Fatalf("got %+v", list.Items)
	}
	deleted, changed, created := list.Items[0], list.Items[1], list.Items[2]
	if deleted.Action != "endpoint.delete" || deleted.Actor != "root" || created.Action != "endpoint.create" || len(created.Before) != 0 {
		t.Errorf("got %+v and %+v", deleted, created)
	}
	if changed.Actor != "alice" || changed.ActorID != alice.ID || !strings.HasPrefix(changed.Address, "10.") || changed.Agent != "curl/8" ||
		!strings.Contains(string(changed.Before), `"name":"one"`) || !strings.Contains(string(changed.After), `"name":"two"`) {
		t.Errorf("got %+v, %s, %s", changed, changed.Before, changed.After)
	}
}

func TestExport(t *testing.T) {
	r := newRig(t)
	alice, root := r.user("alice", false), bearer(r.user("root", true).token)
	const n = 450 // more than two pages
	for i := range n {
		r.do(post, "/endpoints", fmt.Sprintf(`{"name":"e%d"}`, i), bearer(alice.token)).want(t, 201, "")
	}
	// What a spreadsheet would run.
	r.do(post, "/endpoints", `{}`, bearer(alice.token), with("User-Agent", `=cmd|' /C calc'!A0`)).want(t, 201, "")
	const filter = "?action=endpoint.create"
	got := r.do(get, "/admin/audit/export"+filter, "", root).want(t, 200, "")
	lines := strings.Split(strings.TrimSpace(got.text), "\n")
	if len(lines) != n+1 || got.Header.Get("Content-Type") != "application/jsonl" {
		t.Fatalf("%d lines, %s", len(lines), got.Header.Get("Content-Type"))
	}
	for _, l := range lines {
		var e AuditEntry
		if err := json.Unmarshal([]byte(l), &e); err != nil || e.Action != "endpoint.create" {
			t.Fatalf("%v: %s", err, l)
		}
	}
	got = r.do(get, "/admin/audit/export"+filter+"&format=csv", "", root).want(t, 200, "")
	table, err := csv.NewReader(strings.NewReader(got.text)).ReadAll()
	if err != nil || len(table) != n+2 || table[0][0] != "id" {
		t.Fatalf("%d rows, %v", len(table), err)
	}
	if agent := table[1][5]; agent != `'=cmd|' /C calc'!A0` {
		t.Errorf("a spreadsheet would run %q", agent)
	}
	if d := got.Header.Get("Content-Disposition"); d != `attachment; filename="culvert-audit.csv"` {
		t.Errorf("Content-Disposition %q", d)
	}
}
