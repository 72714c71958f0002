// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, it } from 'vitest'

import { csv } from './csv'

it('quotes what has to be, and keeps formulas from spreadsheets', () => {
  const rows = [
    { id: 1, note: 'a, b' },
    { id: 2, note: 'she said "hi"' },
    { id: 3, note: '=1+1' },
    { id: 4, note: undefined },
  ]
  expect(csv(['id', 'note'], rows)).toBe('id,note\r\n1,"a, b"\r\n2,"she said ""hi"""\r\n3,\'=1+1\r\n4,\r\n')
})
