// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hub

// charge counts memory of logs, or gives it back. Over the bound, the
// laggards of the largest logs go, wherever they are (rules H3, C4).
func (h *Hub) charge(bytes int64) {
	if bytes != 0 && h.used.Add(bytes) > h.settings().Memory && bytes > 0 {
		h.shed()
	}
}

// shed halves the largest logs until the memory fits. Logs of up to the
// guaranteed size are left alone.
func (h *Hub) shed() {
	if !h.shedding.TryLock() {
		return // someone is at it
	}
	defer h.shedding.Unlock()
	tried := map[*endpoint]bool{} // a log's newest chunk stays, so it may not shrink
	for h.used.Load() > h.settings().Memory {
		var largest *endpoint
		size := guaranteedLog
		for _, ep := range h.all() {
			if n := ep.logSize(); n > size && !tried[ep] {
				largest, size = ep, n
			}
		}
		if largest == nil {
			return
		}
		tried[largest] = !largest.trim(size / 2)
	}
}

// take asks for memory for a message that is being received; false if there
// is none. give returns it.
func (h *Hub) take(bytes int64) bool {
	limit := h.settings().Memory
	if h.used.Add(bytes) <= limit {
		return true
	}
	h.shed()
	if h.used.Load() <= limit {
		return true
	}
	h.used.Add(-bytes)
	return false
}

func (h *Hub) give(bytes int64) {
	if bytes != 0 {
		h.used.Add(-bytes)
	}
}
