// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/stream"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// TestSort: each cause has its kind.
func TestSort(t *testing.T) {
	h := open(t, signaling.Config{})
	stop := h.provider("op", "was")
	stop()
	h.provider("op", "home", published("echo", 1))
	refusal := func(code string) error {
		return &tunnel.Error{Kind: tunnel.TargetRefused, Code: code, Err: errors.New(code)}
	}
	for _, tc := range []struct {
		client string
		err    error
		want   Kind
	}{
		{"home", refusal(wire.CodeClientOffline), Offline},
		{"home", refusal(wire.CodeClientNotFound), Offline},
		{"home", refusal(wire.CodeNotPublished), Refused},
		{"home", refusal(wire.CodeServiceNotFound), Refused},
		{"home", refusal(wire.CodeNoEncryption), Refused},
		{"home", refusal(wire.CodeLimit), Refused},
		{"home", refusal(wire.CodeQuota), Refused},
		{"home", refusal(wire.CodeTimeout), Timeout},
		{"home", &stream.ResetError{Code: stream.CodeGone, Remote: true}, Offline},
		{"home", &stream.ResetError{Code: stream.CodeStopping, Remote: true}, Offline},
		{"home", &stream.ResetError{Code: stream.CodeTimeout, Remote: true}, Timeout},
		{"home", &stream.ResetError{Code: stream.CodeNoService, Remote: true}, Refused},
		{"home", &wire.Refusal{Code: wire.RefusedOffline}, Offline},
		{"home", &wire.Refusal{Code: wire.RefusedLimit}, Refused},
		{"home", context.DeadlineExceeded, Timeout},
		{"home", fmt.Errorf("dialing: %w", context.DeadlineExceeded), Timeout},
		{"home", io.ErrUnexpectedEOF, Refused},
		{"was", context.DeadlineExceeded, Offline},
		{"was", refusal(wire.CodeTimeout), Offline},
		{"never", context.DeadlineExceeded, Offline},
	} {
		err := h.sort(t.Context(), tc.client, "echo", tc.err)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Kind != tc.want || e.Client != tc.client || e.Service != "echo" || tc.client == "home" && !errors.Is(err, tc.err) {
			t.Errorf("%s, %v: %+v, want kind %d", tc.client, tc.err, err, tc.want)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.sort(gone, "home", "echo", io.EOF); !errors.Is(err, context.Canceled) || kindOf(err) != 0 {
		t.Error(err)
	}
}
