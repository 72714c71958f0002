// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/hub"
	"github.com/culvertd/culvert/internal/store"
)

// The three vocabularies differ on purpose: the store's is that of its tables,
// the hub's of its limits, control's of what commands see.

// show returns what a command sees of e.
func (b *book) show(e store.Endpoint) control.Endpoint {
	st := e.Stats
	out := control.Endpoint{
		ID:           e.ID,
		Name:         e.Name,
		URL:          b.site.Load().Endpoint(e.ID),
		CreatedAt:    e.CreatedAt,
		LastActiveAt: e.LastActiveAt,
		Settings:     fromStore(e.Settings),
		Stats: control.Stats{
			TotalConnections: st.TotalConnections,
			MessagesIn:       st.MessagesIn,
			BytesIn:          st.BytesIn,
			MessagesOut:      st.MessagesOut,
			BytesOut:         st.BytesOut,
			Dropped:          st.DroppedSlow + st.DroppedClosed + st.DroppedKicked,
		},
	}
	if b.hub != nil {
		live, _ := b.hub.Stats(hub.ID(e.ID))
		out.Stats.Connections = live.Connections
	}
	return out
}

func toStore(s control.Settings) store.EndpointSettings {
	return store.EndpointSettings{
		Compression:               s.Compression,
		Origins:                   s.Origins,
		MaxMessageSize:            s.MaxMessageSize,
		MaxConnections:            s.MaxConnections,
		MessagesPerSecond:         s.MessagesPerSecond,
		BytesPerSecond:            s.BytesPerSecond,
		EndpointMessagesPerSecond: s.EndpointMessagesPerSecond,
		EndpointBytesPerSecond:    s.EndpointBytesPerSecond,
	}
}

func fromStore(s store.EndpointSettings) control.Settings {
	return control.Settings{
		Compression:               s.Compression,
		Origins:                   s.Origins,
		MaxMessageSize:            s.MaxMessageSize,
		MaxConnections:            s.MaxConnections,
		MessagesPerSecond:         s.MessagesPerSecond,
		BytesPerSecond:            s.BytesPerSecond,
		EndpointMessagesPerSecond: s.EndpointMessagesPerSecond,
		EndpointBytesPerSecond:    s.EndpointBytesPerSecond,
	}
}

func toHub(e store.Endpoint, group *hub.Group) hub.Settings {
	s := e.Settings
	out := hub.Settings{
		Limits: hub.Limits{
			MaxMessageSize:            s.MaxMessageSize,
			MaxConnections:            s.MaxConnections,
			MessagesPerSecond:         s.MessagesPerSecond,
			BytesPerSecond:            s.BytesPerSecond,
			EndpointMessagesPerSecond: s.EndpointMessagesPerSecond,
			EndpointBytesPerSecond:    s.EndpointBytesPerSecond,
		},
		Compression: s.Compression,
		Origins:     s.Origins,
		Group:       group,
	}
	if e.Private {
		// Without a hash of 32 bytes there is no key that opens it.
		out.KeyHash = hub.HashKey(hub.NewKey())
		if len(e.KeyHash) == len(out.KeyHash) {
			copy(out.KeyHash[:], e.KeyHash)
		}
	}
	return out
}

// toLog is the store's line for an event of the hub.
func toLog(e hub.Event) store.ConnectionEvent {
	out := store.ConnectionEvent{
		Kind:        store.Connected,
		Time:        e.Time,
		EndpointID:  string(e.Endpoint),
		Conn:        e.Conn,
		Addr:        e.Addr,
		Code:        e.Code,
		Reason:      e.Reason,
		Duration:    e.Duration,
		MessagesIn:  e.MessagesIn,
		BytesIn:     e.BytesIn,
		MessagesOut: e.MessagesOut,
		BytesOut:    e.BytesOut,
		Dropped:     e.Dropped,
	}
	if e.Kind == hub.Disconnected {
		out.Kind = store.Disconnected
	}
	return out
}

func logLine(e store.ConnectionEvent) control.LogLine {
	line := control.LogLine{
		Time:        e.Time,
		Event:       string(e.Kind),
		Conn:        e.Conn,
		Code:        e.Code,
		Reason:      e.Reason,
		Seconds:     e.Duration.Seconds(),
		MessagesIn:  e.MessagesIn,
		BytesIn:     e.BytesIn,
		MessagesOut: e.MessagesOut,
		BytesOut:    e.BytesOut,
		Dropped:     e.Dropped,
	}
	if e.Addr.IsValid() {
		line.Address = e.Addr.String()
	}
	return line
}
