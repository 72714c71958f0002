// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { vi } from 'vitest'

import type { Payload } from './messages'

/** FakeSocket is a WebSocket for tests, which say what comes from the other end. */
export class FakeSocket {
  static all: FakeSocket[] = []

  /** install has the browser's WebSocket be this one for a test. */
  static install(): void {
    FakeSocket.all = []
    vi.stubGlobal('WebSocket', FakeSocket)
  }

  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!
  }

  onopen: (() => void) | null = null
  onmessage: ((e: { data: Payload }) => void) | null = null
  onclose: ((e: { code: number; reason: string }) => void) | null = null
  readonly bufferedAmount = 0
  readonly sent: Payload[] = []

  constructor(readonly url: string) {
    FakeSocket.all.push(this)
  }

  send(data: Payload): void {
    this.sent.push(data)
  }

  close(): void {
    this.end(1000)
  }

  open(): void {
    this.onopen?.()
  }

  receive(data: Payload): void {
    this.onmessage?.({ data })
  }

  end(code: number, reason = ''): void {
    this.onclose?.({ code, reason })
  }
}
