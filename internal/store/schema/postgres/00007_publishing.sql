-- SPDX-FileCopyrightText: The Culvert Authors
-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- Who may come to what an account publishes under a name: a label, a domain, or a
-- port such as tcp:20022. A name without a row is open.
CREATE TABLE public_access (
  user_id       BIGINT NOT NULL DEFAULT 0, -- 0: the operator
  name          TEXT COLLATE "C" NOT NULL,
  mode          TEXT NOT NULL, -- open, password or login
  password_hash TEXT NOT NULL DEFAULT '',
  visitors      TEXT NOT NULL DEFAULT '[]', -- JSON arrays
  allowed       TEXT NOT NULL DEFAULT '[]',
  denied        TEXT NOT NULL DEFAULT '[]',
  updated_at    BIGINT NOT NULL,
  PRIMARY KEY (user_id, name)
);

-- Domains that are known to be an account's.
CREATE TABLE domains (
  name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  user_id    BIGINT NOT NULL DEFAULT 0, -- 0: the operator
  by_dns     BOOLEAN NOT NULL, -- false: on an administrator's word
  created_at BIGINT NOT NULL
);

CREATE INDEX domains_user ON domains (user_id, name);
