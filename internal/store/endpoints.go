// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"time"
)

const (
	sqlInsertEndpoint = `
		INSERT INTO endpoints (endpoint_id, user_id, name, name_key, created_at, last_active_at, compression,
			origins, max_message_size, max_connections, messages_per_second, bytes_per_second,
			endpoint_messages_per_second, endpoint_bytes_per_second, private, key_hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (endpoint_id) DO NOTHING`
	sqlInsertStats = `
		INSERT INTO endpoint_stats (endpoint_id, total_connections, total_messages, bytes_in,
			messages_out, bytes_out, dropped_slow, dropped_closed, dropped_kicked, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectEndpoints = `
		SELECT e.id, e.endpoint_id, coalesce(e.user_id, 0), e.name, e.created_at, e.last_active_at,
			e.compression, e.origins, e.max_message_size, e.max_connections, e.messages_per_second,
			e.bytes_per_second, e.endpoint_messages_per_second, e.endpoint_bytes_per_second,
			e.private, e.key_hash, e.version,
			s.total_connections, s.total_messages, s.bytes_in, s.messages_out, s.bytes_out,
			s.dropped_slow, s.dropped_closed, s.dropped_kicked
		FROM endpoints e JOIN endpoint_stats s ON s.endpoint_id = e.endpoint_id`
	sqlSelectEndpoint = selectEndpoints + ` WHERE e.endpoint_id = ?`
	sqlListEndpoints  = selectEndpoints + ` ORDER BY e.created_at, e.id`
	sqlUpdateEndpoint = `
		UPDATE endpoints SET name = ?, name_key = ?, compression = ?, origins = ?,
			max_message_size = ?, max_connections = ?, messages_per_second = ?, bytes_per_second = ?,
			endpoint_messages_per_second = ?, endpoint_bytes_per_second = ?,
			private = ?, key_hash = ?, version = version + 1
		WHERE endpoint_id = ? AND version = ?`
	sqlDeleteEndpoint = `DELETE FROM endpoints WHERE endpoint_id = ?`
)

// CreateEndpoint adds e, with its statistics as they stand. It returns
// ErrExists if the id is taken; a user that does not exist, an id that has not 22 characters and a negative
// limit are errors too.
func (s *Store) CreateEndpoint(ctx context.Context, e Endpoint) error {
	origins, err := marshalOrigins(e.Settings.Origins)
	if err != nil {
		return fmt.Errorf("creating endpoint: %w", err)
	}
	now := time.Now()
	if e.CreatedAt.IsZero() {
		e.CreatedAt = now
	}
	err = s.inTx(ctx, func(tx conn) error {
		set, st := &e.Settings, &e.Stats
		n, err := tx.exec(ctx, sqlInsertEndpoint, e.ID, orNull(e.UserID), e.Name, foldKey(e.Name),
			millis(e.CreatedAt), millis(e.LastActiveAt), set.Compression, origins, set.MaxMessageSize,
			set.MaxConnections, set.MessagesPerSecond, set.BytesPerSecond,
			set.EndpointMessagesPerSecond, set.EndpointBytesPerSecond, e.Private, e.KeyHash)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrExists
		}
		// From here on the row is there, so that AddStats needs only an update.
		_, err = tx.exec(ctx, sqlInsertStats, e.ID, st.TotalConnections, st.MessagesIn, st.BytesIn,
			st.MessagesOut, st.BytesOut, st.DroppedSlow, st.DroppedClosed, st.DroppedKicked, millis(now))
		return err
	})
	return wrap("creating endpoint", err)
}

// Endpoints returns all endpoints in the order of their creation.
func (s *Store) Endpoints(ctx context.Context) ([]Endpoint, error) {
	endpoints, err := list(ctx, s.r, scanEndpoint, sqlListEndpoints)
	return endpoints, wrap("listing endpoints", err)
}

// Endpoint returns the endpoint with this id, or ErrNotFound.
func (s *Store) Endpoint(ctx context.Context, id string) (Endpoint, error) {
	e, err := one(ctx, s.r, scanEndpoint, sqlSelectEndpoint, id)
	return e, wrap("reading endpoint", err)
}

// UpdateEndpoint lets f change the name, the settings, Private and the key of an
// endpoint, and returns it; whatever else f changes is not kept. It returns
// ErrNotFound, and ErrConflict if version is neither 0 nor the endpoint's.
func (s *Store) UpdateEndpoint(ctx context.Context, id string, version int64, f func(*Endpoint)) (Endpoint, error) {
	var after Endpoint
	err := s.inTx(ctx, func(tx conn) error {
		e, err := one(ctx, tx, scanEndpoint, sqlSelectEndpoint, id)
		if err != nil {
			return err
		}
		if version != 0 && version != e.Version {
			return ErrConflict
		}
		was := e.Version
		f(&e)
		if err := updateEndpoint(ctx, tx, id, was, &e); err != nil {
			return err
		}
		after, err = one(ctx, tx, scanEndpoint, sqlSelectEndpoint, id)
		return err
	})
	if err != nil {
		return Endpoint{}, wrap("updating endpoint", err)
	}
	return after, nil
}

func updateEndpoint(ctx context.Context, tx conn, id string, version int64, e *Endpoint) error {
	origins, err := marshalOrigins(e.Settings.Origins)
	if err != nil {
		return err
	}
	set := &e.Settings
	n, err := tx.exec(ctx, sqlUpdateEndpoint, e.Name, foldKey(e.Name), set.Compression, origins,
		set.MaxMessageSize, set.MaxConnections, set.MessagesPerSecond, set.BytesPerSecond,
		set.EndpointMessagesPerSecond, set.EndpointBytesPerSecond, e.Private, e.KeyHash, id, version)
	if err == nil && n == 0 { // PostgreSQL: another transaction was faster
		err = ErrConflict
	}
	return err
}

// DeleteEndpoint removes an endpoint, its statistics and its history, or returns
// ErrNotFound. Its lines in the connection log stay until they are pruned.
func (s *Store) DeleteEndpoint(ctx context.Context, id string) error {
	err := s.inTx(ctx, func(tx conn) error {
		if err := tx.must(ctx, sqlDeleteEndpoint, id); err != nil {
			return err
		}
		_, err := tx.exec(ctx, sqlDeleteHistory, RollupEndpoint, id)
		return err
	})
	return wrap("deleting endpoint", err)
}
