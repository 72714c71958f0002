// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Message } from './messages'
import type { MessageStore } from './message-store'

/** How long one go at writing lines may take, in ms. */
const slice = 8
/** Bytes that String.fromCharCode takes at once: engines limit arguments. */
const chunk = 0x8000

/** lines writes the rows that are shown as NDJSON, in parts, and lets others work in between. */
export async function lines(store: MessageStore): Promise<string[]> {
  const parts: string[] = []
  let part: string[] = []
  let stop = performance.now() + slice
  // Rows go from the front meanwhile if many come, so they are taken first.
  const messages = store.all()
  for (const m of messages) {
    part.push(JSON.stringify(record(m)), '\n')
    if (performance.now() < stop) continue
    parts.push(part.join(''))
    part = []
    await new Promise((done) => setTimeout(done))
    stop = performance.now() + slice
  }
  parts.push(part.join(''))
  return parts
}

/** record is how a message stands in the file; bytes are in base64. */
export function record({ at, direction, data }: Message) {
  const head = { time: new Date(at).toISOString(), direction }
  if (typeof data === 'string') return { ...head, type: 'text', data }
  return { ...head, type: 'binary', data: base64(data) }
}

function base64(data: ArrayBuffer): string {
  const bytes = new Uint8Array(data)
  let binary = ''
  for (let i = 0; i < bytes.length; i += chunk) binary += String.fromCharCode(...bytes.subarray(i, i + chunk))
  return btoa(binary)
}
