// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"strconv"
	"sync"

	"github.com/culvertd/culvert/internal/wire"
)

// wishes are the sessions that this end has asked for and not got yet, by the
// label of the request. What the gateway makes of one is compared with them.
type wishes struct {
	mu    sync.Mutex // guards the fields below
	last  uint64
	asked map[string]ForwardSpec
}

func (w *wishes) begin(spec ForwardSpec) (label string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asked == nil {
		w.asked = make(map[string]ForwardSpec)
	}
	w.last++
	label = strconv.FormatUint(w.last, 36)
	w.asked[label] = spec
	return label
}

func (w *wishes) end(label string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.asked, label)
}

func (w *wishes) find(label string) (ForwardSpec, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	spec, ok := w.asked[label]
	return spec, ok
}

// encryption is what a request says: an end without a key can agree to nothing
// else.
func (c *Client) encryption(spec ForwardSpec) string {
	if c.mayBePlain(spec.Encryption) {
		return wire.EncryptionNone
	}
	return ""
}
