-- SPDX-FileCopyrightText: The Culvert Authors
-- SPDX-License-Identifier: Apache-2.0

-- Columns that end in _key are lower case, to compare and search by.

-- +goose Up
CREATE TABLE users (
  id            INTEGER PRIMARY KEY AUTOINCREMENT, -- the audit log names them when they are gone
  name          TEXT    NOT NULL,
  name_key      TEXT    NOT NULL UNIQUE,
  email         TEXT    NOT NULL,
  email_key     TEXT    NOT NULL UNIQUE,
  password_hash TEXT    NOT NULL DEFAULT '', -- bcrypt
  admin         INTEGER NOT NULL DEFAULT 0 CHECK (admin IN (0, 1)),
  created_at    INTEGER NOT NULL,
  disabled_at   INTEGER NOT NULL DEFAULT 0,
  terms_at      INTEGER NOT NULL DEFAULT 0,
  epoch         INTEGER NOT NULL DEFAULT 0,
  limits        TEXT    NOT NULL DEFAULT '{}', -- a JSON object
  version       INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX users_admin ON users (id) WHERE admin = TRUE AND disabled_at = 0;

CREATE TABLE logins (
  jti          TEXT    NOT NULL PRIMARY KEY,
  user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL DEFAULT 0,
  addr         TEXT    NOT NULL DEFAULT '',
  agent        TEXT    NOT NULL DEFAULT '',
  epoch        INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX logins_user ON logins (user_id, created_at);
CREATE INDEX logins_expires ON logins (expires_at);

CREATE TABLE invites (
  id         INTEGER PRIMARY KEY,
  hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the code
  note       TEXT    NOT NULL DEFAULT '',
  created_by INTEGER REFERENCES users (id) ON DELETE SET NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL DEFAULT 0,
  used_at    INTEGER NOT NULL DEFAULT 0,
  used_by    INTEGER REFERENCES users (id) ON DELETE SET NULL,
  revoked_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX invites_created_by ON invites (created_by);
CREATE INDEX invites_used_by ON invites (used_by);

CREATE TABLE api_tokens (
  id           INTEGER PRIMARY KEY,
  token_id     TEXT    NOT NULL UNIQUE,
  user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the token
  name         TEXT    NOT NULL DEFAULT '',
  scope        TEXT    NOT NULL CHECK (scope IN ('read', 'manage')),
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL DEFAULT 0,
  last_used_at INTEGER NOT NULL DEFAULT 0,
  revoked_at   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX api_tokens_user ON api_tokens (user_id, id);

CREATE TABLE resets (
  hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32), -- SHA-256 of the code
  user_id    INTEGER REFERENCES users (id) ON DELETE CASCADE,
  created_by INTEGER, -- no reference: the link outlives who made it
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  kind       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX resets_user ON resets (kind, coalesce(user_id, 0));
CREATE INDEX resets_user_id ON resets (user_id);

CREATE TABLE grants (
  id         INTEGER PRIMARY KEY,
  owner_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  grantee_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client     TEXT    NOT NULL,
  service    TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (owner_id, grantee_id, client, service)
) STRICT;

CREATE INDEX grants_owner ON grants (owner_id, id);
CREATE INDEX grants_grantee ON grants (grantee_id, id);

-- No references: it outlives everything.
CREATE TABLE audit_log (
  id          INTEGER PRIMARY KEY,
  time        INTEGER NOT NULL,
  actor_id    INTEGER NOT NULL DEFAULT 0,
  actor       TEXT    NOT NULL DEFAULT '',
  addr        TEXT    NOT NULL DEFAULT '',
  agent       TEXT    NOT NULL DEFAULT '',
  action      TEXT    NOT NULL,
  target      TEXT    NOT NULL DEFAULT '',
  before_json TEXT    NOT NULL DEFAULT '',
  after_json  TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX audit_log_time ON audit_log (time, id);
CREATE INDEX audit_log_actor ON audit_log (actor_id, time, id);
CREATE INDEX audit_log_action ON audit_log (action, time, id);
CREATE INDEX audit_log_target ON audit_log (target, time, id);

CREATE TABLE blocks (
  id         INTEGER PRIMARY KEY,
  prefix     TEXT    NOT NULL UNIQUE,
  note       TEXT    NOT NULL DEFAULT '',
  created_by INTEGER, -- no reference: the block stays
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE settings (
  key     TEXT    NOT NULL PRIMARY KEY,
  value   TEXT    NOT NULL, -- a JSON document
  version INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

-- One row for each minute, and one for each hour.
CREATE TABLE rollups (
  kind         TEXT    NOT NULL CHECK (kind IN ('endpoint', 'service', 'user')),
  subject      TEXT    NOT NULL,
  resolution   INTEGER NOT NULL CHECK (resolution IN (60, 3600)), -- seconds
  start        INTEGER NOT NULL,
  connections  INTEGER NOT NULL DEFAULT 0,
  messages_in  INTEGER NOT NULL DEFAULT 0,
  messages_out INTEGER NOT NULL DEFAULT 0,
  bytes_in     INTEGER NOT NULL DEFAULT 0,
  bytes_out    INTEGER NOT NULL DEFAULT 0,
  dropped      INTEGER NOT NULL DEFAULT 0,
  peak         INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, subject, resolution, start)
) STRICT, WITHOUT ROWID;

CREATE INDEX rollups_start ON rollups (resolution, start);

CREATE TABLE usage (
  month   TEXT    NOT NULL, -- 2026-11
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  bytes   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (month, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_user ON usage (user_id);

CREATE TABLE idempotency (
  user_id    INTEGER NOT NULL, -- no reference: 0 is nobody
  key        TEXT    NOT NULL,
  request    TEXT    NOT NULL,
  status     INTEGER NOT NULL,
  body       BLOB    NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_created ON idempotency (created_at);

-- user_id gets its reference. There were no users, so that there is nothing to
-- carry over.
ALTER TABLE endpoints ADD COLUMN owner_id INTEGER REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE endpoints DROP COLUMN user_id;
ALTER TABLE endpoints RENAME COLUMN owner_id TO user_id;
ALTER TABLE endpoints ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE endpoints ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE endpoints ADD COLUMN private INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1));
ALTER TABLE endpoints ADD COLUMN key_hash BLOB CHECK (length(key_hash) = 32); -- SHA-256 of the key
UPDATE endpoints SET name_key = lower(name);

CREATE INDEX endpoints_created ON endpoints (created_at, id);
CREATE INDEX endpoints_owner ON endpoints (coalesce(user_id, 0), created_at, id);
CREATE INDEX endpoints_user ON endpoints (user_id);

-- The id of an endpoint can change now, and its statistics go along.
CREATE TABLE endpoint_stats_new (
  id                INTEGER PRIMARY KEY,
  endpoint_id       TEXT    NOT NULL UNIQUE
    REFERENCES endpoints (endpoint_id) ON DELETE CASCADE ON UPDATE CASCADE,
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
INSERT INTO endpoint_stats_new (id, endpoint_id, total_connections, total_messages, bytes_in, messages_out,
    bytes_out, dropped_slow, dropped_closed, dropped_kicked, updated_at)
  SELECT id, endpoint_id, total_connections, total_messages, bytes_in, messages_out,
    bytes_out, dropped_slow, dropped_closed, dropped_kicked, updated_at FROM endpoint_stats;
DROP TABLE endpoint_stats;
ALTER TABLE endpoint_stats_new RENAME TO endpoint_stats;

ALTER TABLE client_tokens ADD COLUMN owner_id INTEGER REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE client_tokens DROP COLUMN user_id;
ALTER TABLE client_tokens RENAME COLUMN owner_id TO user_id;
ALTER TABLE client_tokens ADD COLUMN name TEXT NOT NULL DEFAULT ''; -- for people

CREATE INDEX client_tokens_owner ON client_tokens (coalesce(user_id, 0), id);
CREATE INDEX client_tokens_user ON client_tokens (user_id);

-- Names of clients are unique per user now. A client goes with its token.
CREATE TABLE clients_new (
  id            INTEGER PRIMARY KEY,
  user_id       INTEGER NOT NULL DEFAULT 0, -- the token's, 0 for none
  name          TEXT    NOT NULL,
  token_id      TEXT    NOT NULL REFERENCES client_tokens (token_id) ON DELETE CASCADE,
  services      TEXT    NOT NULL DEFAULT '[]', -- a JSON array, as last registered
  registered_at INTEGER NOT NULL,
  last_seen_at  INTEGER NOT NULL,
  UNIQUE (user_id, name)
) STRICT;
INSERT INTO clients_new (id, name, token_id, services, registered_at, last_seen_at)
  SELECT id, name, token_id, services, registered_at, last_seen_at FROM clients;
DROP TABLE clients;
ALTER TABLE clients_new RENAME TO clients;

CREATE INDEX clients_token ON clients (token_id);

ALTER TABLE sessions_log ADD COLUMN visitor_user INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions_log ADD COLUMN provider_user INTEGER NOT NULL DEFAULT 0;

CREATE INDEX sessions_log_visitor ON sessions_log (visitor_user, id);
CREATE INDEX sessions_log_provider ON sessions_log (provider_user, id);
