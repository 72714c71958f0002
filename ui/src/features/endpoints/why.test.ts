// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { makeFormat } from '@/components/format'

import { explain } from './why'

const format = makeFormat('en')

/** Where the gateway's sources write why a connection ended. */
const places = [
  /\bReason:\s*"([^"]+)"/g,
  /\breason:\s*"([^"]+)"/g,
  /\breason\w*\s*=\s*"([^"]+)"/g,
  /\bdieLocked\("([^"]+)"/g,
  /\brefuse\([^,"]+, "([^"]+)"/g,
  /\breturn "((?:connection|close timeout)[^"]*)"/g,
]

const sources = ['hub', 'gateway'].flatMap((name) => {
  const folder = join(import.meta.dirname, '../../../../internal', name)
  const files = readdirSync(folder).filter((f) => f.endsWith('.go') && !f.endsWith('_test.go'))
  return files.map((f) => readFileSync(join(folder, f), 'utf8'))
})
const reasons = new Set(
  sources.flatMap((s) => places.flatMap((p) => [...s.matchAll(p)].map((m) => m[1]!.replace('%d', '1024')))),
)

/** These are about the protocol, and stand behind one text for all of them. */
const protocol =
  /^(reserved bits|opcode 1024|frame |control frame|continuation of no|message begins inside|%v$)/

test('each reason that the gateway writes has a text of its own', () => {
  expect(reasons).toContain('ping timeout')
  expect(reasons.size).toBeGreaterThan(25)
  const unknown = [...reasons].filter(
    (r) => !protocol.test(r) && ['other', 'protocol'].includes(explain(4000, r, format).why),
  )
  expect(unknown).toEqual([])
})

test.each([
  [1000, 'closed by client', 'client_normal', undefined],
  [1001, 'closed by client: bye', 'client_left', 'bye'],
  [3001, 'closed by client: over\nand out', 'client_code', 'over\nand out'],
  [1002, 'frame is not masked', 'protocol', 'frame is not masked'],
  [4999, 'of a newer gateway', 'other', 'of a newer gateway'],
])('%d %s is %s', (code, reason, why, said) => {
  expect(explain(code, reason, format)).toEqual({ why, values: { code, said } })
})

test('limits are written in units that people use', () => {
  const big = 'message is over the limit of 1000000 bytes (max_message_size)'
  expect(explain(1009, big, format).values.limit).toBe('1 MB')
  const often = 'over the limit of 1200 messages a second per connection (message_rate)'
  expect(explain(1008, often, format).values.limit).toBe('1,200')
})
