// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Format } from '@/components/format'
import type texts from '@/locales/en/endpoints.json'

/** Why names the text for why a connection ended. */
export type Why = keyof typeof texts.why

/** The words that the gateway ends connections with, as its log has them. */
const gateway: Record<string, Why> = {
  'ping timeout': 'ping_timeout',
  'connection closed without a close frame': 'cut',
  'connection reset by client': 'reset',
  'connection lost': 'lost',
  'connection lost while writing': 'lost',
  'close timeout: the client took no data': 'took_nothing',
  'handshake failed': 'handshake_failed',
  "too slow: fell out of the endpoint's log (log_size)": 'too_slow',
  'the gateway has no memory for the message now (memory)': 'memory',
  'text is not UTF-8': 'not_utf8',
  'compressed message is not valid': 'bad_compression',
  'close frame is not valid': 'bad_close',
  kicked: 'kicked',
  blocked: 'blocked',
  'account disabled': 'disabled',
  'endpoint deleted': 'deleted',
  'the endpoint has another id': 'rotated',
  'the endpoint has a new key': 'new_key',
  quota_exceeded: 'quota',
  'gateway removed': 'removed',
  'gateway restarting': 'restart',
}

const limit =
  /over the limit of (\d+) (?:messages|bytes).*\((message_rate|byte_rate|endpoint_message_rate|endpoint_byte_rate|max_message_size)\)$/
const client = /^closed by client(?:: (.*))?$/s
const clientCodes: Record<number, Why> = { 1000: 'client_normal', 1001: 'client_left', 1005: 'client_silent' }
const protocolError = 1002

export type Explanation = { why: Why; values: { code: number; limit?: string; said?: string } }

/** explain finds the text for why a connection ended, and what stands in it. */
export function explain(code: number, reason: string, format: Format): Explanation {
  const known = gateway[reason]
  if (known) return { why: known, values: { code } }
  const [, number, which] = limit.exec(reason) ?? []
  if (which) {
    const inBytes = which === 'max_message_size' || which.endsWith('byte_rate')
    const n = Number(number)
    return { why: which as Why, values: { code, limit: inBytes ? format.bytes(n) : format.number(n) } }
  }
  const byClient = client.exec(reason)
  if (byClient) return { why: clientCodes[code] ?? 'client_code', values: { code, said: byClient[1] } }
  return { why: code === protocolError ? 'protocol' : 'other', values: { code, said: reason } }
}
