-- SPDX-FileCopyrightText: The Culvert Authors
-- SPDX-License-Identifier: Apache-2.0

-- endpoint_id is the 22-character id of the URL, in every table.
-- Times are milliseconds since 1970 in UTC, 0 means never.
-- In the settings, 0 means the gateway's default.

-- +goose Up
CREATE TABLE endpoints (
  id                           INTEGER PRIMARY KEY,
  endpoint_id                  TEXT    NOT NULL UNIQUE CHECK (length(endpoint_id) = 22),
  user_id                      INTEGER, -- NULL: made on the command line
  name                         TEXT    NOT NULL DEFAULT '',
  created_at                   INTEGER NOT NULL,
  last_active_at               INTEGER NOT NULL DEFAULT 0,
  compression                  INTEGER NOT NULL DEFAULT 0 CHECK (compression IN (0, 1)),
  origins                      TEXT    NOT NULL DEFAULT '[]', -- a JSON array
  max_message_size             INTEGER NOT NULL DEFAULT 0 CHECK (max_message_size >= 0),
  max_connections              INTEGER NOT NULL DEFAULT 0 CHECK (max_connections >= 0),
  messages_per_second          INTEGER NOT NULL DEFAULT 0 CHECK (messages_per_second >= 0),
  bytes_per_second             INTEGER NOT NULL DEFAULT 0 CHECK (bytes_per_second >= 0),
  endpoint_messages_per_second INTEGER NOT NULL DEFAULT 0 CHECK (endpoint_messages_per_second >= 0),
  endpoint_bytes_per_second    INTEGER NOT NULL DEFAULT 0 CHECK (endpoint_bytes_per_second >= 0)
) STRICT;

-- Apart from endpoints, because it is written every second or so.
CREATE TABLE endpoint_stats (
  id                INTEGER PRIMARY KEY,
  endpoint_id       TEXT    NOT NULL UNIQUE REFERENCES endpoints (endpoint_id) ON DELETE CASCADE,
  total_connections INTEGER NOT NULL DEFAULT 0,
  total_messages    INTEGER NOT NULL DEFAULT 0, -- accepted from clients
  bytes_in          INTEGER NOT NULL DEFAULT 0,
  messages_out      INTEGER NOT NULL DEFAULT 0,
  bytes_out         INTEGER NOT NULL DEFAULT 0,
  dropped_slow      INTEGER NOT NULL DEFAULT 0,
  dropped_closed    INTEGER NOT NULL DEFAULT 0,
  dropped_kicked    INTEGER NOT NULL DEFAULT 0,
  updated_at        INTEGER NOT NULL
) STRICT;
