-- SPDX-FileCopyrightText: The Culvert Authors
-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
CREATE TABLE client_tokens (
  id           INTEGER PRIMARY KEY,
  token_id     TEXT    NOT NULL UNIQUE,
  user_id      INTEGER, -- NULL: made on the command line
  hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the token
  client       TEXT    NOT NULL DEFAULT '', -- the only name it is good for
  created_at   INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL DEFAULT 0,
  revoked_at   INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A client is forgotten with its token; revoked tokens themselves stay.
CREATE TABLE clients (
  id            INTEGER PRIMARY KEY,
  name          TEXT    NOT NULL UNIQUE,
  token_id      TEXT    NOT NULL REFERENCES client_tokens (token_id),
  services      TEXT    NOT NULL DEFAULT '[]', -- a JSON array, as last registered
  registered_at INTEGER NOT NULL,
  last_seen_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX clients_token ON clients (token_id);

CREATE TABLE sessions_log (
  id         INTEGER PRIMARY KEY,
  session_id TEXT    NOT NULL,
  visitor    TEXT    NOT NULL, -- names, no references: a line may outlive its clients
  provider   TEXT    NOT NULL,
  service    TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL,
  bytes      INTEGER NOT NULL DEFAULT 0, -- both directions
  reason     TEXT    NOT NULL DEFAULT ''
) STRICT;

-- For pruning.
CREATE INDEX sessions_log_ended ON sessions_log (ended_at);
