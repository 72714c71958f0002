-- SPDX-FileCopyrightText: The Culvert Authors
-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- Who may come to what an account publishes under a name: a label, a domain, or a
-- port such as tcp:20022. A name without a row is open.
CREATE TABLE public_access (
  user_id       INTEGER NOT NULL DEFAULT 0, -- 0: the operator
  name          TEXT NOT NULL,
  mode          TEXT NOT NULL, -- open, password or login
  password_hash TEXT NOT NULL DEFAULT '',
  visitors      TEXT NOT NULL DEFAULT '[]', -- JSON arrays
  allowed       TEXT NOT NULL DEFAULT '[]',
  denied        TEXT NOT NULL DEFAULT '[]',
  updated_at    INTEGER NOT NULL,
  PRIMARY KEY (user_id, name)
) STRICT;

-- Domains that are known to be an account's.
CREATE TABLE domains (
  name       TEXT NOT NULL PRIMARY KEY,
  user_id    INTEGER NOT NULL DEFAULT 0, -- 0: the operator
  by_dns     INTEGER NOT NULL CHECK (by_dns IN (0, 1)), -- false: on an administrator's word
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX domains_user ON domains (user_id, name);
