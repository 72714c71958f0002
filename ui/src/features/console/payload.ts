// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Payload } from './messages'

/** What somebody writes, and how it is meant. */
export type Kind = 'text' | 'json' | 'hex'
export type Draft = { kind: Kind; text: string }

/** Problem is what keeps a draft from being sent; `detail` is the JSON parser's own words. */
export type Problem =
  { problem: 'json'; detail: string } | { problem: 'hex_digit'; detail: string } | { problem: 'hex_odd' }

/** encode makes the message of a draft, or says what is wrong with it. */
export function encode({ kind, text }: Draft): Payload | Problem {
  if (kind === 'text') return text
  if (kind === 'hex') return encodeHex(text)
  try {
    JSON.parse(text)
    return text
  } catch (error) {
    return { problem: 'json', detail: error instanceof Error ? error.message : String(error) }
  }
}

/** isProblem tells a problem from a message. */
export function isProblem(p: Payload | Problem): p is Problem {
  return typeof p === 'object' && 'problem' in p
}

/** prettyJson sets JSON out over lines; what is none it returns as it is. */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

/** encodeHex takes pairs of digits, with spaces, commas, colons or 0x between them as dumps have them. */
function encodeHex(text: string): ArrayBuffer | Problem {
  const digits = text.replace(/0x|[\s,:]/gi, '')
  const wrong = /[^0-9a-f]/i.exec(digits)
  if (wrong) return { problem: 'hex_digit', detail: wrong[0] }
  if (digits.length % 2) return { problem: 'hex_odd' }
  const bytes = new Uint8Array(digits.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16)
  return bytes.buffer
}
