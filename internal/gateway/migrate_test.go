// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"os"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/gateway"
)

func TestMigrateRefuses(t *testing.T) {
	const url = "postgres://culvert:s3cret@192.0.2.1/culvert"
	running, empty := folder(t), folder(t)
	start(t, running)
	for _, tc := range []struct{ dir, to, want string }{
		{running, url, "stop it"},
		{empty, url, "culvert.db"},
		{empty, "sqlite://x", "database must be a URL"},
	} {
		err := gateway.Migrate(t.Context(), tc.dir, tc.to)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v: %v", tc, err)
		}
	}
	if _, err := os.Stat(empty); err == nil {
		t.Error("a folder was made")
	}
}
