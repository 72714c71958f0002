// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest'

import { ApiError, asApiError } from './error'

const answer = (status: number, body: string, headers = {}) => new Response(body, { status, headers })

test('an error of the API has its code, its fields and when to try again', async () => {
  const body = JSON.stringify({ code: 'rate_limited', message: 'Wait.', details: { name: 'is long' } })
  const e = await ApiError.of(answer(429, body, { 'Retry-After': '7' }))
  expect(e).toMatchObject({
    code: 'rate_limited',
    message: 'Wait.',
    details: { name: 'is long' },
    status: 429,
    retryAfter: 7,
  })
})

test.each([
  ['a page of a proxy, the gateway being away', 502, '<html>', 'unreachable'],
  ['nothing, the gateway being away', 504, '', 'unreachable'],
  ['a page of something else', 500, '<html>', 'unknown'],
  ['JSON of something else', 404, '{"error":"x"}', 'unknown'],
  ['null', 400, 'null', 'unknown'],
])('%s is an error too', async (_, status, body, code) => {
  expect(await ApiError.of(answer(status, body))).toMatchObject({ code, status, retryAfter: 0 })
})

test('a Retry-After that is a date is none', async () => {
  const e = await ApiError.of(answer(503, '', { 'Retry-After': 'Sun, 22 Nov 2026 13:00:00 GMT' }))
  expect(e.retryAfter).toBe(0)
})

test('whatever was thrown can be shown', () => {
  const own = ApiError.unreachable()
  expect(asApiError(own)).toBe(own)
  expect(asApiError(new TypeError('x is not a function'))).toMatchObject({
    code: 'unknown',
    message: 'TypeError: x is not a function',
  })
})
