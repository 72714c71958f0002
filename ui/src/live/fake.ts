// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { vi } from 'vitest'

/** FakeEvents is an EventSource whose server is the test. */
export class FakeEvents extends EventTarget {
  static readonly CLOSED = 2
  static all: FakeEvents[] = []
  /** those that are open: of all tabs together */
  static get open() {
    return FakeEvents.all.filter((s) => s.readyState !== FakeEvents.CLOSED)
  }
  readyState = 0
  onopen?: () => void
  onerror?: () => void
  constructor(readonly url: string) {
    super()
    FakeEvents.all.push(this)
  }
  close() {
    this.readyState = FakeEvents.CLOSED
  }
  accept() {
    this.readyState = 1
    this.onopen?.()
  }
  fail(readyState: 0 | 2) {
    this.readyState = readyState
    this.onerror?.()
  }
  send(kind: 'live' | 'change', data: object) {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data) }))
  }
}

/** FakeChannel is a BroadcastChannel that delivers at once. */
class FakeChannel {
  static all = new Set<FakeChannel>()
  onmessage: ((e: { data: unknown }) => void) | null = null
  constructor(readonly name: string) {
    FakeChannel.all.add(this)
  }
  postMessage(data: unknown) {
    for (const c of FakeChannel.all) if (c !== this && c.name === this.name) c.onmessage?.({ data })
  }
  close() {
    FakeChannel.all.delete(this)
  }
}

/** fakeLocks are Web Locks: who comes first holds, the others wait in line. */
function fakeLocks() {
  const held = new Map<string, Promise<unknown>>()
  return {
    request(name: string, { signal }: { signal: AbortSignal }, lead: () => Promise<unknown>) {
      const turn = (held.get(name) ?? Promise.resolve()).then(() => {
        signal.throwIfAborted()
        return lead()
      })
      held.set(
        name,
        turn.catch(() => undefined),
      )
      return turn
    },
  }
}

/** fakeBrowser puts these in place. Each call begins with no tab open. */
export function fakeBrowser(): void {
  FakeEvents.all = []
  FakeChannel.all.clear()
  vi.stubGlobal('EventSource', FakeEvents)
  vi.stubGlobal('BroadcastChannel', FakeChannel)
  Object.defineProperty(navigator, 'locks', { configurable: true, value: fakeLocks() })
}
