-- SPDX-FileCopyrightText: The Culvert Authors
-- SPDX-License-Identifier: Apache-2.0

-- +goose Up

-- The public key that the name was first registered with, as text; '' for none.
ALTER TABLE clients ADD COLUMN identity TEXT NOT NULL DEFAULT '';
