// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest'

import { ownPath } from './next'

test.each(['/endpoints/x/console?a=1#b', '/device?user_code=BCDF-GHJK', '/admin/users', '/docs/protocol'])(
  'a log-in leads on to %s',
  (next) => expect(ownPath(next)).toBe(next),
)

test.each([
  null,
  '',
  'endpoints',
  'https://evil.example/',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r\\evil.example',
  '/..//evil.example',
  '/.//evil.example',
  '/a/..//evil.example',
  ' //evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  '/login?next=/login',
  '/register',
  '/',
])('a log-in does not lead to %j', (next) => expect(ownPath(next)).toBe('/endpoints'))
