// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"

	"github.com/culvertd/culvert/internal/inventory"
)

func (a *API) operation() {
	handle(a, every.tag+"Operation", every.with(get, "/load", "get-load", adminReader, "Shows how busy the gateway is"),
		func(ctx context.Context, q *request, _ *none) (*out[inventory.Load], error) {
			return answered(q.core.Load(ctx))
		})
}
