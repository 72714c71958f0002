// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"net/netip"
	"time"
)

const (
	sqlInsertConnection = `
		INSERT INTO connection_log (kind, time, endpoint_id, conn, addr, code, reason, duration,
			messages_in, bytes_in, messages_out, bytes_out, dropped)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	sqlSelectConnections = `
		SELECT kind, time, endpoint_id, conn, addr, code, reason, duration,
			messages_in, bytes_in, messages_out, bytes_out, dropped
		FROM connection_log WHERE endpoint_id = ? ORDER BY time DESC, id DESC LIMIT ?`
	sqlPruneConnections = `
		DELETE FROM connection_log WHERE id IN (
			SELECT id FROM connection_log WHERE time < ? ORDER BY time LIMIT ?)`
)

// defaultConnections is how many events Connections returns unless told.
const defaultConnections = 100

// ConnectionKind says what a ConnectionEvent reports.
type ConnectionKind string

// The kinds of events.
const (
	Connected    ConnectionKind = "connected"
	Disconnected ConnectionKind = "disconnected"
)

// ConnectionEvent is a line of the connection log.
type ConnectionEvent struct {
	Kind       ConnectionKind
	Time       time.Time
	EndpointID string
	Conn       uint64 // unique within one run of the gateway
	Addr       netip.Addr

	// The rest is set for Disconnected only.
	Code                  int           // close code; 1006 if none was seen
	Reason                string        // in words
	Duration              time.Duration // kept in milliseconds
	MessagesIn, BytesIn   uint64        // from the client
	MessagesOut, BytesOut uint64        // to the client
	Dropped               uint64        // messages that the client never got
}

// AppendConnections adds events to the connection log, all or none of them.
// They are kept whether or not their endpoints still exist.
func (s *Store) AppendConnections(ctx context.Context, events []ConnectionEvent) error {
	if len(events) == 0 {
		return nil
	}
	err := s.inTx(ctx, func(tx conn) error { return appendConnections(ctx, tx, events) })
	return wrap("appending to connection log", err)
}

func appendConnections(ctx context.Context, tx conn, events []ConnectionEvent) error {
	insert, err := tx.prepare(ctx, sqlInsertConnection)
	if err != nil {
		return err
	}
	defer insert.s.Close()
	for i := range events {
		e := &events[i]
		var addr string
		if e.Addr.IsValid() { // the zero Addr would be written as "invalid IP"
			addr = e.Addr.String()
		}
		conn := int64(e.Conn) // all 64 bits are kept, and read back as they were
		err := insert.exec(ctx, string(e.Kind), millis(e.Time), e.EndpointID, conn, addr,
			e.Code, e.Reason, e.Duration.Milliseconds(),
			e.MessagesIn, e.BytesIn, e.MessagesOut, e.BytesOut, e.Dropped)
		if err != nil {
			return err
		}
	}
	return nil
}

// Connections returns the newest events of an endpoint, the newest first, at
// most limit of them (100 if limit is not positive).
func (s *Store) Connections(ctx context.Context, endpointID string, limit int) ([]ConnectionEvent, error) {
	if limit <= 0 {
		limit = defaultConnections
	}
	events, err := list(ctx, s.r, scanConnection, sqlSelectConnections, endpointID, limit)
	return events, wrap("reading connection log", err)
}

func scanConnection(row scanner) (ConnectionEvent, error) {
	var (
		e              ConnectionEvent
		at, conn, took int64
		addr           string
	)
	err := row.Scan(&e.Kind, &at, &e.EndpointID, &conn, &addr, &e.Code, &e.Reason, &took,
		&e.MessagesIn, &e.BytesIn, &e.MessagesOut, &e.BytesOut, &e.Dropped)
	if err != nil {
		return ConnectionEvent{}, err
	}
	e.Time, e.Duration = fromMillis(at), time.Duration(took)*time.Millisecond
	e.Conn = uint64(conn) // the reverse of appendConnections
	if addr != "" {
		if e.Addr, err = netip.ParseAddr(addr); err != nil {
			return ConnectionEvent{}, err
		}
	}
	return e, nil
}

// PruneConnections removes the events from before a time, and returns how many
// it removed; with an error, some may be gone and others not.
func (s *Store) PruneConnections(ctx context.Context, before time.Time) (int64, error) {
	return s.prune(ctx, "connection log", sqlPruneConnections, millis(before))
}
