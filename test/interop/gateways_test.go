// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"testing"

	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/test/hubserver"
)

// gateways are where the clients meet. start returns the URLs of an endpoint
// without and of one with compression.
var gateways = []struct {
	name  string
	start func(t *testing.T) (plain, deflated string)
}{
	{"hub", startHub},
}

func startHub(t *testing.T) (plain, deflated string) {
	srv := hubserver.Start(t, hub.Config{})
	return srv.URL("plain", hub.Settings{}), srv.URL("deflated", hub.Settings{Compression: true})
}
