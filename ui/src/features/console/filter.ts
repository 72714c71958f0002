// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Direction } from './messages'
import type { Test } from './message-store'
import { hex } from './views'

export type Filter = { text: string; regex: boolean; direction: Direction | 'both' }

export const everything: Filter = { text: '', regex: false, direction: 'both' }

/** How many bytes of a binary message the filter looks at: it sees them as hex, which takes time to write. */
export const binaryLook = 4096

/** compile makes the store's test of a filter: null if all pass, undefined if it is no valid expression. */
export function compile({ text, regex, direction }: Filter): Test | null | undefined {
  const matches = text === '' ? null : matcher(text, regex)
  if (matches === undefined) return undefined
  if (!matches && direction === 'both') return null
  return (m) =>
    (direction === 'both' || m.direction === direction) &&
    (!matches || matches(typeof m.data === 'string' ? m.data : hex(m.data, binaryLook)))
}

/** matcher goes by letters of any case, as people search. */
function matcher(text: string, regex: boolean): ((s: string) => boolean) | undefined {
  try {
    // A literal as an expression ignores case without a copy of each message.
    const expression = new RegExp(regex ? text : text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'i')
    return (s) => expression.test(s)
  } catch {
    return undefined
  }
}
