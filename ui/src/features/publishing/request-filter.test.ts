// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, it } from 'vitest'

import type { Schema } from '@/api/client'

import { passes, type Class } from './request-filter'

const request = (status: number | undefined, open: boolean): Schema<'PublicRequest'> => ({
  id: 1,
  time: '2026-11-22T08:00:00Z',
  method: 'POST',
  path: '/Order',
  status,
  open,
  seconds: 1,
  bytes_out: 0,
  address: '203.0.113.7',
})

it.each<[Class, string, number | undefined, boolean, boolean]>([
  ['all', '', undefined, true, true],
  ['open', '', 101, true, true],
  ['open', '', 200, false, false],
  ['2xx', '', 204, false, true],
  ['2xx', '', 301, false, false],
  ['5xx', '', undefined, true, false],
  ['4xx', ' order ', 404, false, true],
  ['all', '113.7', 200, false, true],
  ['all', 'post', 200, false, true],
  ['all', 'bob', 200, false, false],
])('%s with "%s" lets %s (open: %s) pass: %s', (status, text, code, open, expected) => {
  expect(passes(request(code, open), status, text)).toBe(expected)
})
