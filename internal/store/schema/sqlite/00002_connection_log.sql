-- SPDX-FileCopyrightText: The Culvert Authors
-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
CREATE TABLE connection_log (
  id           INTEGER PRIMARY KEY,
  kind         TEXT    NOT NULL CHECK (kind IN ('connected', 'disconnected')),
  time         INTEGER NOT NULL, -- milliseconds since 1970 in UTC
  endpoint_id  TEXT    NOT NULL, -- no reference: an event may outlive its endpoint
  conn         INTEGER NOT NULL,
  addr         TEXT    NOT NULL,
  code         INTEGER NOT NULL DEFAULT 0,
  reason       TEXT    NOT NULL DEFAULT '',
  duration     INTEGER NOT NULL DEFAULT 0, -- milliseconds
  messages_in  INTEGER NOT NULL DEFAULT 0,
  bytes_in     INTEGER NOT NULL DEFAULT 0,
  messages_out INTEGER NOT NULL DEFAULT 0,
  bytes_out    INTEGER NOT NULL DEFAULT 0,
  dropped      INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Read backwards it gives the newest first, and events of the same millisecond
-- by descending id, without sorting; an index on time DESC could not do that.
CREATE INDEX connection_log_endpoint ON connection_log (endpoint_id, time);

-- For pruning.
CREATE INDEX connection_log_time ON connection_log (time);
