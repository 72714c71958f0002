// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

// EventKind says what has happened.
type EventKind uint8

// The kinds of events.
const (
	EventClientOnline EventKind = iota + 1
	EventClientOffline
	EventSessionBegun
	EventSessionEnded
)

// Event is something that a person who watches may want to know.
type Event struct {
	Kind    EventKind
	Account Account // the client's, or the provider's
	Visitor Account // of a session
	Subject string  // a client's name, a session's id
	Detail  string  // of a session: client/service, and why it has ended
}

// SetWatch has f be told of what happens from now on; nil ends it. f is called
// with the server's lock held: it must not block, nor call the server.
func (s *Server) SetWatch(f func(Event)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch = f
}

func (s *Server) tellLocked(e Event) {
	if s.watch != nil {
		s.watch(e)
	}
}

func (ss *session) event(kind EventKind, code string) Event {
	e := Event{
		Kind: kind, Account: ss.provider.client.account.Account, Visitor: ss.visitorAccount(),
		Subject: ss.id, Detail: ss.provider.client.name + "/" + ss.service.ID,
	}
	if code != "" {
		e.Detail += ": " + code
	}
	return e
}
