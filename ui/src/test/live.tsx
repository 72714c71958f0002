// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { act } from '@testing-library/react'
import { vi } from 'vitest'

import type { Schema } from '@/api/client'
import { LiveProvider } from '@/live/context'

/** The stream of events, as far as the interface uses it. */
class Events extends EventTarget {
  static last: Events | undefined
  static CLOSED = 2
  readyState = 1
  onopen?: () => void
  constructor() {
    super()
    Events.last = this
  }
  close() {
    this.readyState = Events.CLOSED
  }
}

/** withLive puts a stream around what is shown, on which tests send with `stream`. */
export function withLive(element: React.ReactNode) {
  vi.stubGlobal('EventSource', Events)
  Object.defineProperty(navigator, 'locks', {
    configurable: true,
    value: { request: (_: string, __: object, lead: () => Promise<void>) => lead() },
  })
  return <LiveProvider user={1}>{element}</LiveProvider>
}

/** stream has the gateway send an event. */
export function stream(kind: 'live' | 'change', data: Schema<'Live'> | Schema<'Change'>): void {
  act(() => {
    Events.last!.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data) }))
  })
}
