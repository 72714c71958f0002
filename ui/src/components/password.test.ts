// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest'

import { problemOf, strengthOf } from './password'

test.each([
  ['seven77', 'short'],
  ['a'.repeat(72), undefined],
  ['a'.repeat(73), 'long'],
  ['\u5bc6'.repeat(24), undefined],
  ['\u5bc6'.repeat(25), 'long'],
  ['Alice-1977!', 'personal'],
  ['alice.b@example.com', 'personal'],
  ['alice.b12', 'personal'],
  ['alice in wonderland', undefined],
])('%s is %s', (password, problem) =>
  expect(problemOf(password, ['alice', 'alice.b@example.com', undefined])).toBe(problem),
)

test('longer and more varied is stronger', () => {
  const order = ['aaaaaaaaaaaa', 'Roof-rain-7', 'rain on the old roof'].map(strengthOf)
  expect(order).toEqual(['weak', 'fair', 'good'])
})
