// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"

	"github.com/culvertd/culvert/internal/gateway"
)

// cores holds the core of each data folder in use. The key is the folder and
// nothing of the config, so that two generations with different options share
// one core.
var cores = caddy.NewUsagePool()

// pooled is a core as the pool holds it.
type pooled struct{ *gateway.Core }

// Destruct closes the core when the last config lets it go.
func (p pooled) Destruct() error {
	if caddy.Exiting() {
		return p.Close(gateway.Restarting)
	}
	return p.Close(gateway.Removed)
}

// acquire returns the core of the data folder dir; release gives it back.
func acquire(dir string) (*gateway.Core, error) {
	// A process has one gateway: if another folder is in use, it is the old
	// config's, and its clients would be left behind on it.
	var other string
	cores.Range(func(key, _ any) bool {
		if d, ok := key.(string); ok && d != dir {
			other = d
		}
		return true
	})
	if other != "" {
		return nil, fmt.Errorf("a reload cannot change the data folder from %s to %s, because connections live on it; "+
			"leave the option data as it was, or stop the gateway and start it anew", other, dir)
	}
	v, _, err := cores.LoadOrNew(dir, func() (caddy.Destructor, error) {
		return pooled{gateway.New(dir)}, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(pooled).Core, nil
}

func release(c *gateway.Core) error {
	_, err := cores.Delete(c.Dir())
	return err
}
