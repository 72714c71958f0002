// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { ApiError } from '@/api/error'

import type { Payload } from './messages'

/** Why a connection ended: the close frame's, or what the API said when it was asked for a ticket. */
export type Ending = { code: number; reason: string; opened: boolean; error?: unknown }

export type State =
  | { kind: 'connecting' }
  | { kind: 'open' }
  /** It connects by itself, `at` being when, in milliseconds since 1970. */
  | { kind: 'waiting'; at: number; ending: Ending }
  /** It stays so until somebody connects it: `ending` is null if that is how somebody wanted it. */
  | { kind: 'closed'; ending: Ending | null }

const firstDelay = 500
const lastDelay = 15_000
/** One that was open for so long counts as a success: the next delay is the first one again. */
const wasFine = 5000
/** More than this not yet sent, and a program that repeats itself waits. */
export const congested = 8 << 20

/** Codes after which to come back would be wrong or of no use (docs/endpoints.md). A new key, 4412, is not: a new ticket is asked for. */
const rateExceeded = 1008
const firstFinal = 4400
const keyChanged = 4412
const isFinal = ({ code, error }: Ending) =>
  code === rateExceeded || (code >= firstFinal && code !== keyChanged) || isRefusal(error)

/** What the API refuses it refuses again, unless it was too busy, or not there. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.retryAfter === 0
}

/**
 * Connection keeps one WebSocket open, as a person would want it: it comes back
 * by itself unless that person closed it, or the gateway said not to. It asks for
 * the address each time, since a private endpoint wants a new ticket each time.
 */
export class Connection {
  state: State = { kind: 'closed', ending: null }
  private socket: WebSocket | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private delay = firstDelay
  /** counts the tries, so that what an older one brings late is ignored */
  private turn = 0
  private readonly listeners = new Set<() => void>()

  private address: () => Promise<string> = () => Promise.reject(new Error('nowhere to connect to'))

  constructor(private readonly onMessage: (data: Payload) => void) {}

  /** to says where to connect, from the next time on. */
  to = (address: () => Promise<string>): void => {
    this.address = address
  }

  /** subscribe has the shape that useSyncExternalStore takes. */
  subscribe = (changed: () => void) => {
    this.listeners.add(changed)
    return () => {
      this.listeners.delete(changed)
    }
  }

  /** connect connects now, whatever it waited for. */
  connect = (): void => {
    this.drop()
    window.addEventListener('online', this.onOnline)
    void this.open(this.turn)
  }

  /** disconnect says goodbye, and stays so. */
  disconnect = (): void => {
    this.drop()
    window.removeEventListener('online', this.onOnline)
    this.delay = firstDelay
    this.set({ kind: 'closed', ending: null })
  }

  /** send returns false if there is no connection that takes the message. */
  send = (data: Payload): boolean => {
    if (this.state.kind !== 'open' || !this.socket) return false
    this.socket.send(data)
    return true
  }

  get congested(): boolean {
    return (this.socket?.bufferedAmount ?? 0) > congested
  }

  private async open(turn: number): Promise<void> {
    this.set({ kind: 'connecting' })
    let url: string
    try {
      url = await this.address()
    } catch (error) {
      if (turn === this.turn) this.ended({ code: 0, reason: '', opened: false, error })
      return
    }
    if (turn !== this.turn) return
    const socket = new WebSocket(url)
    let openedAt = 0
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      openedAt = Date.now()
      this.set({ kind: 'open' })
    }
    socket.onmessage = ({ data }: MessageEvent<Payload>) => this.onMessage(data)
    socket.onclose = ({ code, reason }) => {
      if (openedAt && Date.now() - openedAt > wasFine) this.delay = firstDelay
      this.ended({ code, reason, opened: openedAt > 0 })
    }
    this.socket = socket
  }

  private ended(ending: Ending): void {
    this.drop()
    if (isFinal(ending)) return this.set({ kind: 'closed', ending })
    const wait = hinted(ending) ?? this.delay * (0.5 + Math.random() / 2)
    this.delay = Math.min(2 * this.delay, lastDelay)
    this.timer = setTimeout(this.connect, wait)
    this.set({ kind: 'waiting', at: Date.now() + wait, ending })
  }

  /** drop ends what is under way; nothing of it is heard any more. */
  private drop(): void {
    this.turn++
    clearTimeout(this.timer)
    const { socket } = this
    this.socket = null
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close(1000)
  }

  private readonly onOnline = () => {
    if (this.state.kind === 'waiting') this.connect()
  }

  private set(state: State): void {
    this.state = state
    for (const l of this.listeners) l()
  }
}

/** hinted returns the milliseconds that a gateway which restarts, or is busy, asks clients to wait. */
function hinted({ reason, error }: Ending): number | undefined {
  if (error instanceof ApiError && error.retryAfter > 0) return error.retryAfter * 1000
  const hint = /retry-after=([\d.]+)$/.exec(reason)
  return hint ? Number(hint[1]) * 1000 : undefined
}
