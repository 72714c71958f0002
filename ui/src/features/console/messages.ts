// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** Payload is a message as the WebSocket gave it: text or bytes, never converted while it is kept. */
export type Payload = string | ArrayBuffer

export type Direction = 'received' | 'sent'

/** Message is one that was sent or received here. `at` is in milliseconds since 1970. */
export type Message = { direction: Direction; at: number; data: Payload }

const encoder = new TextEncoder()

/** sizeOf returns the bytes of a message. It is for what is shown, since it encodes text. */
export function sizeOf(data: Payload): number {
  return typeof data === 'string' ? encoder.encode(data).length : data.byteLength
}

/** weightOf is about what a message takes of the memory, in no time. */
export function weightOf(data: Payload): number {
  return typeof data === 'string' ? data.length : data.byteLength
}
