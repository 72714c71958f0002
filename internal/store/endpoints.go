// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	sqlInsertEndpoint = `
		INSERT INTO endpoints (endpoint_id, name, created_at, last_active_at, compression, origins,
			max_message_size, max_connections, messages_per_second, bytes_per_second,
			endpoint_messages_per_second, endpoint_bytes_per_second)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (endpoint_id) DO NOTHING`
	sqlInsertStats = `
		INSERT INTO endpoint_stats (endpoint_id, total_connections, total_messages, bytes_in,
			messages_out, bytes_out, dropped_slow, dropped_closed, dropped_kicked, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	sqlSelectEndpoints = `
		SELECT e.endpoint_id, e.name, e.created_at, e.last_active_at, e.compression, e.origins,
			e.max_message_size, e.max_connections, e.messages_per_second, e.bytes_per_second,
			e.endpoint_messages_per_second, e.endpoint_bytes_per_second,
			s.total_connections, s.total_messages, s.bytes_in, s.messages_out, s.bytes_out,
			s.dropped_slow, s.dropped_closed, s.dropped_kicked
		FROM endpoints e JOIN endpoint_stats s ON s.endpoint_id = e.endpoint_id`
	sqlSelectEndpoint = sqlSelectEndpoints + ` WHERE e.endpoint_id = ?`
	sqlListEndpoints  = sqlSelectEndpoints + ` ORDER BY e.created_at, e.id`
	sqlUpdateEndpoint = `
		UPDATE endpoints SET name = ?, compression = ?, origins = ?,
			max_message_size = ?, max_connections = ?, messages_per_second = ?, bytes_per_second = ?,
			endpoint_messages_per_second = ?, endpoint_bytes_per_second = ?
		WHERE endpoint_id = ?`
	sqlDeleteEndpoint = `DELETE FROM endpoints WHERE endpoint_id = ?`
)

// CreateEndpoint adds e, with its statistics as they stand. It returns
// ErrExists if the id is taken; an id that has not 22 characters and a negative
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
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		set, st := &e.Settings, &e.Stats
		ok, err := changed(tx.ExecContext(ctx, sqlInsertEndpoint, e.ID, e.Name, millis(e.CreatedAt),
			millis(e.LastActiveAt), set.Compression, origins, set.MaxMessageSize, set.MaxConnections,
			set.MessagesPerSecond, set.BytesPerSecond,
			set.EndpointMessagesPerSecond, set.EndpointBytesPerSecond))
		if err != nil {
			return err
		}
		if !ok {
			return ErrExists
		}
		// From here on the row is there, so that AddStats needs only an update.
		_, err = tx.ExecContext(ctx, sqlInsertStats, e.ID, st.TotalConnections, st.MessagesIn, st.BytesIn,
			st.MessagesOut, st.BytesOut, st.DroppedSlow, st.DroppedClosed, st.DroppedKicked, millis(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("creating endpoint: %w", err)
	}
	return nil
}

// Endpoints returns all endpoints in the order of their creation.
func (s *Store) Endpoints(ctx context.Context) ([]Endpoint, error) {
	rows, err := s.r.QueryContext(ctx, sqlListEndpoints)
	if err != nil {
		return nil, fmt.Errorf("listing endpoints: %w", err)
	}
	defer rows.Close()
	var list []Endpoint
	for rows.Next() {
		e, err := scanEndpoint(rows)
		if err != nil {
			return nil, fmt.Errorf("listing endpoints: %w", err)
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing endpoints: %w", err)
	}
	return list, nil
}

// Endpoint returns the endpoint with this id, or ErrNotFound.
func (s *Store) Endpoint(ctx context.Context, id string) (Endpoint, error) {
	e, err := scanEndpoint(s.r.QueryRowContext(ctx, sqlSelectEndpoint, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Endpoint{}, fmt.Errorf("reading endpoint: %w", err)
	}
	return e, nil
}

// UpdateEndpoint replaces the name and all settings of an endpoint. It returns
// ErrNotFound if there is none with this id.
func (s *Store) UpdateEndpoint(ctx context.Context, id, name string, settings EndpointSettings) error {
	origins, err := marshalOrigins(settings.Origins)
	if err != nil {
		return fmt.Errorf("updating endpoint: %w", err)
	}
	ok, err := changed(s.w.ExecContext(ctx, sqlUpdateEndpoint, name, settings.Compression, origins,
		settings.MaxMessageSize, settings.MaxConnections,
		settings.MessagesPerSecond, settings.BytesPerSecond,
		settings.EndpointMessagesPerSecond, settings.EndpointBytesPerSecond, id))
	if err == nil && !ok {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("updating endpoint: %w", err)
	}
	return nil
}

// DeleteEndpoint removes an endpoint and its statistics, or returns
// ErrNotFound. Its lines in the connection log stay until they are pruned.
func (s *Store) DeleteEndpoint(ctx context.Context, id string) error {
	ok, err := changed(s.w.ExecContext(ctx, sqlDeleteEndpoint, id))
	if err == nil && !ok {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("deleting endpoint: %w", err)
	}
	return nil
}
