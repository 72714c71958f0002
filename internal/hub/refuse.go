// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"fmt"
	"net/http"

	"github.com/culvertd/culvert/internal/refusal"
)

// The answers. That for an unknown endpoint is the same whether it never was,
// was deleted, or is private and the request has no good key.
var (
	refuseUnknown = &refusal.Refusal{
		Status: http.StatusNotFound, Code: "endpoint_not_found",
		Message: "There is no endpoint with this id. Check the URL, or create one.",
	}
	refusePlain = &refusal.Refusal{
		Status: http.StatusUpgradeRequired, Code: "upgrade_required",
		Message: "This is a WebSocket endpoint. Connect with a WebSocket client.",
	}
	refuseVersion = &refusal.Refusal{
		Status: http.StatusUpgradeRequired, Code: "version_not_supported",
		Message: "The gateway speaks version 13 of the WebSocket protocol (RFC 6455).",
	}
	refuseOrigin = &refusal.Refusal{
		Status: http.StatusForbidden, Code: "origin_not_allowed",
		Message: "The endpoint does not accept pages of this origin. Its owner can add the origin to its list.",
	}
	refuseBlocked = &refusal.Refusal{
		Status: http.StatusForbidden, Code: "blocked",
		Message: "The gateway's operator has blocked this address.",
	}
	refuseQuota = &refusal.Refusal{
		Status: http.StatusTooManyRequests, Code: "quota_exceeded",
		Message: "The endpoint's owner has used up the traffic of this month. The operator can raise the limit.",
	}
	refuseShort = &refusal.Refusal{
		Status: http.StatusServiceUnavailable, Code: "overloaded", Retry: 5,
		Message: "The gateway is short of file descriptors and takes no more connections now. Its operator can raise the limit (ulimit -n).",
	}
)

func refuseOwnerFull(limit int) *refusal.Refusal {
	return &refusal.Refusal{
		Status: http.StatusServiceUnavailable, Code: "account_full", Retry: 5,
		Message: fmt.Sprintf("The endpoints of this account have their limit of %d connections together.", limit),
		Details: map[string]any{"max_connections": limit},
	}
}

func refuseFull(limit int) *refusal.Refusal {
	return &refusal.Refusal{
		Status: http.StatusServiceUnavailable, Code: "endpoint_full", Retry: 5,
		Message: fmt.Sprintf("The endpoint has its limit of %d connections (max_connections).", limit),
		Details: map[string]any{"max_connections": limit},
	}
}
