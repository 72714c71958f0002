// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest'

import { expiresAt, today } from './expiry'

const now = Date.parse('2026-11-22T13:00:00Z')

test('a token is good for days, for ever, or to the end of a day here', () => {
  expect(expiresAt('30', undefined, now)).toBe('2026-12-22T13:00:00.000Z')
  expect(expiresAt('never', '2027-01-31', now)).toBeUndefined()
  expect(new Date(expiresAt('date', '2027-01-31', now)!)).toEqual(new Date(2027, 0, 31, 23, 59, 59))
})

test('today is that of the place, not of UTC', () => {
  expect(today(new Date(2026, 0, 2, 0, 30))).toBe('2026-01-02')
})
