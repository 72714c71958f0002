// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// Bounds of what a report says of one stream, in bytes.
const (
	streamID     = 32 // exactly, in hex
	maxPath      = 32
	maxLastFault = 256
)

// StreamReport is what a client has said last of its streams.
type StreamReport struct {
	Streams []wire.StreamInfo // the busiest
	Total   int
	At      time.Time // zero: it has said nothing
}

// resume passes on that a provider waits for channels. Without a visitor that
// listens it is dropped: one that comes back sees to its streams by itself.
func (s *Server) resume(c *conn, p *wire.ResumeWanted) *wire.ErrorPayload {
	if n := len(p.Streams); n > wire.MaxResumes {
		return invalid("there are %d streams; use at most %d", n, wire.MaxResumes)
	}
	for i, id := range p.Streams {
		if !validStream(id) {
			return invalid("streams[%d] is %q; use %d digits in lower-case hex", i, cut(id, 80), streamID)
		}
	}
	s.mu.Lock()
	defer s.unlock()
	ss, no := s.sessionLocked(c, p.SessionID)
	if no != nil {
		return no
	}
	if ss.provider != c.life {
		return errNoSession
	}
	if to := ss.visitor.conn; to != nil {
		to.send(wire.TypeResumeWanted, "", p)
	}
	return nil
}

// report keeps what a client says of its streams.
func (s *Server) report(c *conn, p *wire.Streams) *wire.ErrorPayload {
	if err := checkStreams(p); err != nil {
		return invalid("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	s.mu.Lock()
	defer s.unlock()
	if c.life == nil {
		return errNotRegistered
	}
	c.life.streams = StreamReport{Streams: p.Streams, Total: p.Total, At: time.Now()}
	return nil
}

// Streams returns what a client has said last of its streams, and whether
// there is such a client. It goes with the client's process.
func (s *Server) Streams(account int64, name string) (StreamReport, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	acc := s.accounts[account]
	if acc == nil || acc.clients[name] == nil {
		return StreamReport{}, false
	}
	if l := acc.clients[name].life; l != nil {
		return l.streams, true // the list is never changed
	}
	return StreamReport{}, true
}

// checkStreams returns every problem of a report, and cuts what may be long.
func checkStreams(p *wire.Streams) error {
	if n := len(p.Streams); n > wire.MaxStreamInfos || p.Total < n {
		return fmt.Errorf("there are %d streams of %d; use at most %d, and no more than there are", n, p.Total, wire.MaxStreamInfos)
	}
	var errs []error
	for i := range p.Streams {
		v := &p.Streams[i]
		bad := func(name, value string) {
			errs = append(errs, fmt.Errorf("streams[%d].%s is %q", i, name, cut(value, 80)))
		}
		if !validStream(v.ID) {
			bad("id", v.ID)
		}
		if v.Role != wire.Provider && v.Role != wire.Visitor {
			bad("role", v.Role)
		}
		if !wire.ValidClient(v.Peer) {
			bad("peer", v.Peer)
		}
		if !wire.ValidName(v.Service) {
			bad("service", v.Service)
		}
		if v.Path != "" && (len(v.Path) > maxPath || !wire.ValidName(v.Path)) {
			bad("path", v.Path)
		}
		v.LastFault = strings.Clone(cut(v.LastFault, maxLastFault)) // lets go of the rest
		if v.Begun < 0 || v.FaultAt < 0 || v.Latency < 0 || v.Leg < 0 {
			bad("times", "negative")
		}
	}
	return errors.Join(errs...)
}

// validStream reports whether id is one of a stream.
func validStream(id string) bool {
	return len(id) == streamID && strings.Trim(id, "0123456789abcdef") == ""
}
