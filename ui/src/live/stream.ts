// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Schema } from '@/api/client'

/**
 * One stream of server-sent events serves all tabs, since a browser opens six
 * connections to a host over HTTP/1.1. The tab that holds the Web Lock reads
 * the stream and tells the others on a BroadcastChannel; when it goes, the lock
 * passes to another tab, which opens the stream anew. A stream that was begun
 * anew may have missed something: `missed` is told, and everything is fetched.
 */
export type Scope = 'own' | 'every'

export type Message =
  | { kind: 'live'; live: Schema<'Live'> }
  | { kind: 'change'; change: Schema<'Change'> }
  | { kind: 'state'; connected: boolean }
  | { kind: 'missed' }
  | { kind: 'refused' } // by the gateway: most likely the log-in is over, which fetching will tell
  | { kind: 'hello' } // from a tab that has just come and knows nothing

const urls: Record<Scope, string> = { own: '/api/v1/events', every: '/api/v1/admin/events' }

const firstRetry = 1000
const lastRetry = 15_000
const lookEach = 2000
/** A timer that was late by this much has slept. Browsers let those of hidden tabs run once a minute. */
const slept = () => (document.hidden ? 90_000 : 20_000)

/** follow hears the stream of a scope until signal says stop. */
export function follow(scope: Scope, hear: (m: Message) => void, signal: AbortSignal): void {
  const channel = new BroadcastChannel(`culvert.live.${scope}`)
  let followed = false // another tab, so this one goes on where that one ended
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'hello') return
    followed = true
    hear(data)
  }
  channel.postMessage({ kind: 'hello' } satisfies Message)
  signal.addEventListener('abort', () => channel.close())
  const lead = () =>
    new Promise<void>((done) => {
      const tell = (m: Message) => {
        hear(m)
        channel.postMessage(m)
      }
      if (followed) tell({ kind: 'state', connected: false })
      const reader = new Reader(urls[scope], tell, followed)
      channel.onmessage = ({ data }: MessageEvent<Message>) => {
        if (data.kind === 'hello') for (const m of reader.known()) channel.postMessage(m)
      }
      signal.addEventListener('abort', () => {
        reader.close()
        done()
      })
    })
  navigator.locks.request(`culvert.live.${scope}`, { signal }, lead).catch(() => undefined) // aborted while it waited
}

/** Reader keeps one stream open, and opens it anew after failures and sleep. */
class Reader {
  private source: EventSource | null = null
  private readonly looks: ReturnType<typeof setInterval>
  private again: ReturnType<typeof setTimeout> | undefined
  private delay = firstRetry
  private looked = Date.now()
  private lastLive: Schema<'Live'> | null = null
  private connected = false

  constructor(
    private readonly url: string,
    private readonly tell: (m: Message) => void,
    /** whether there was something to miss when the stream opens */
    private late: boolean,
  ) {
    this.looks = setInterval(this.look, lookEach)
    window.addEventListener('online', this.reopen)
    this.open()
  }

  /** known is what a tab that comes late has to hear. */
  known(): Message[] {
    const state: Message = { kind: 'state', connected: this.connected }
    return this.lastLive ? [state, { kind: 'live', live: this.lastLive }] : [state]
  }

  close(): void {
    clearInterval(this.looks)
    clearTimeout(this.again)
    window.removeEventListener('online', this.reopen)
    this.source?.close()
  }

  private open(): void {
    const s = new EventSource(this.url)
    this.source = s
    s.onopen = () => {
      if (this.late) this.tell({ kind: 'missed' })
      this.late = true
      this.delay = firstRetry
      this.state(true)
    }
    s.onerror = () => {
      this.state(false)
      this.late = true
      if (s.readyState !== EventSource.CLOSED) return // it tries again by itself
      this.tell({ kind: 'refused' })
      this.again = setTimeout(this.reopen, this.delay * (0.75 + Math.random() / 2))
      this.delay = Math.min(2 * this.delay, lastRetry)
    }
    s.addEventListener('live', ({ data }: MessageEvent<string>) => {
      this.lastLive = JSON.parse(data) as Schema<'Live'>
      this.tell({ kind: 'live', live: this.lastLive })
    })
    s.addEventListener('change', ({ data }: MessageEvent<string>) => {
      const change = JSON.parse(data) as Schema<'Change'>
      this.tell(change.kind === 'missed' ? { kind: 'missed' } : { kind: 'change', change })
    })
  }

  private readonly reopen = () => {
    clearTimeout(this.again)
    this.source?.close()
    this.open()
  }

  private readonly look = () => {
    const now = Date.now()
    if (now - this.looked > slept()) this.reopen()
    this.looked = now
  }

  private state(connected: boolean): void {
    if (connected === this.connected) return
    this.connected = connected
    this.tell({ kind: 'state', connected })
  }
}
