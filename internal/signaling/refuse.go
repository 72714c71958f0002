// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"net/http"

	"github.com/culvertd/culvert/internal/refusal"
)

var (
	refusePlain = &refusal.Refusal{
		Status: http.StatusUpgradeRequired, Code: "upgrade_required",
		Message: "This is a WebSocket endpoint for tunnel clients. Connect with tunnelclient, or another WebSocket client.",
	}
	refuseBlocked = &refusal.Refusal{
		Status: http.StatusForbidden, Code: "blocked",
		Message: "This address is blocked. The gateway's operator can say why.",
	}
	// One answer for no token, a wrong one and a revoked one.
	refuseToken = &refusal.Refusal{
		Status: http.StatusUnauthorized, Code: "unauthorized",
		Message: "The client token is missing, unknown or revoked. Send it as \"Authorization: Bearer <token>\"; " +
			"make one in your account, or have the operator make one with `culvert client token create`.",
	}
)

func refuseGuesses(seconds int) *refusal.Refusal {
	return &refusal.Refusal{
		Status: http.StatusTooManyRequests, Code: "too_many_requests", Retry: seconds,
		Message: "Too many requests without a valid token came from this address. Wait, and check the token.",
		Details: map[string]any{"retryAfter": seconds},
	}
}
