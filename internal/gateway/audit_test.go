// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"encoding/json"
	"testing"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

// TestCommandsAreAudited: what a command does to an endpoint is in the log, as
// what is done through the API.
func TestCommandsAreAudited(t *testing.T) {
	c, _ := start(t, folder(t))
	e, err := c.CreateEndpoint(t.Context(), "", "one", control.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	two := "two"
	if _, err := c.UpdateEndpoint(t.Context(), e.ID, control.Changes{Name: &two}); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteEndpoint(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteEndpoint(t.Context(), e.ID); err == nil {
		t.Error("deleted twice")
	}
	list, _, err := c.Accounts().Audit(t.Context(), account.System(), store.AuditFilter{Target: inventory.EndpointTarget(e.ID)}, store.Page{})
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ action, before, after string }{ // newest first; names
		{"endpoint.delete", "two", ""}, {"endpoint.change", "one", "two"}, {"endpoint.create", "", "one"},
	}
	if len(list) != len(want) {
		t.Fatalf("%d entries: %+v", len(list), list)
	}
	name := func(text json.RawMessage) string {
		var a inventory.AuditedEndpoint
		if len(text) > 0 {
			if err := json.Unmarshal(text, &a); err != nil || a.ID != e.ID {
				t.Errorf("%s: %v", text, err)
			}
		}
		return a.Name
	}
	for i, w := range want {
		if got := list[i]; got.Action != w.action || got.Actor != "command line" || name(got.Before) != w.before || name(got.After) != w.after {
			t.Errorf("entry %d: %+v", i, got)
		}
	}
}
