// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Payload } from './messages'
import { prettyJson } from './payload'

/** How messages are shown. `auto` is hex for binary ones, and sets out JSON. */
export const views = ['auto', 'text', 'json', 'hex'] as const
export type View = (typeof views)[number]

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const digits = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

/** hex writes the first bytes of a message as pairs of digits. */
export function hex(data: Payload, most: number): string {
  const bytes = typeof data === 'string' ? encoder.encode(data.slice(0, most)) : new Uint8Array(data)
  let out = ''
  for (let i = 0; i < Math.min(bytes.length, most); i++) out += (i ? ' ' : '') + digits[bytes[i]!]!
  return out
}

/** line shows the beginning of a message in a row, whatever its length. */
export function line(data: Payload, view: View): string {
  const most = 400
  if (view === 'hex' || (view === 'auto' && typeof data !== 'string')) return hex(data, most / 4)
  const text = typeof data === 'string' ? data.slice(0, most) : decoder.decode(data.slice(0, most))
  return text.replace(/\s+/g, ' ')
}

/** whole shows all of a message, up to `most` characters; `cut` tells whether there is more. */
export function whole(data: Payload, view: View, most: number): { text: string; cut: boolean } {
  if (view === 'hex' || (view === 'auto' && typeof data !== 'string')) {
    const bytes = Math.floor(most / 3)
    const text = dump(hex(data, bytes))
    return { text, cut: (typeof data === 'string' ? data.length : data.byteLength) > bytes }
  }
  let text = typeof data === 'string' ? data : decoder.decode(data)
  // Setting out a message that is cut anyway would be work for nothing.
  if (view !== 'text' && text.length <= most) text = prettyJson(text)
  return { text: text.slice(0, most), cut: text.length > most }
}

/** dump breaks pairs of digits into lines of 16 bytes. */
function dump(pairs: string): string {
  return pairs.replace(/((?:\S\S ){15}\S\S) /g, '$1\n')
}
