// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { weightOf, type Message } from './messages'

export const maxMessages = 100_000
/** A few large messages fill the memory as well as many small ones. */
export const maxWeight = 256 << 20

/** How long one go at the filter may take, in ms: half a frame. */
const slice = 8
/** Nobody reads a list that changes more often than this, in ms. */
const listEach = 50
/** What is shown takes this part of the time at most, so that a slow machine still answers its user. */
const share = 4
const longestRest = 500
/** Messages that are tested between two looks at the clock. */
const between = 16
/** How many numbers of dropped messages `shown` may hold before it is compacted. */
const slack = 20_000

export type Test = (m: Message) => boolean

/** What the store needs of a browser; tests have their own. */
export type Clock = {
  now: () => number
  frame: (f: () => void) => void
  later: (f: () => void, ms?: number) => void
}

const browser: Clock = {
  now: () => performance.now(),
  frame: (f) => void requestAnimationFrame(f),
  later: (f, ms) => void setTimeout(f, ms),
}

/**
 * MessageStore keeps the last messages of one client outside of React, and the
 * list of those that pass the filter. A message costs a slot of a ring when it
 * comes; all else is done at once for all that came, in a frame, and in slices.
 *
 * Messages are numbered from 0 in the order in which they came. Rows are the
 * messages that pass, row 0 being the oldest that is still kept.
 */
export class MessageStore {
  private readonly ring: (Message | undefined)[] = []
  private first = 0
  private next = 0
  private weight = 0
  private test: Test | null = null
  /** numbers of the messages that pass, from `head` on; those before were dropped */
  private shown: number[] = []
  private head = 0
  /** the message that is tested next */
  private cursor = 0
  private pausedAt: number | null = null
  private framed = false
  /** a flush is due when the rest is over */
  private resting = false
  private restUntil = 0
  private readonly listeners = new Set<() => void>()

  /** grows with each change that is shown */
  version = 0
  /** messages that were dropped since there were too many */
  dropped = 0
  /** rows that have gone from the front, which a list that is scrolled has to follow */
  gone = 0

  constructor(
    private readonly clock: Clock = browser,
    private readonly capacity = maxMessages,
    private readonly maxBytes = maxWeight,
  ) {}

  /** subscribe has the shape that useSyncExternalStore takes; it calls in frames, and not in each. */
  subscribe = (changed: () => void) => {
    this.listeners.add(changed)
    return () => {
      this.listeners.delete(changed)
    }
  }

  get kept() {
    return this.next - this.first
  }

  get rows() {
    return this.shown.length - this.head
  }

  get paused() {
    return this.pausedAt !== null
  }

  /** messages that came during the pause */
  get waiting() {
    return this.pausedAt === null ? 0 : this.next - Math.max(this.pausedAt, this.first)
  }

  /** whether the filter still looks through what is kept */
  get filtering() {
    return this.cursor < this.end
  }

  row(i: number): Message | undefined {
    return this.message(this.shown[this.head + i]!)
  }

  /** all returns the messages of all rows. */
  all(): Message[] {
    const out: Message[] = []
    for (let i = 0; i < this.rows; i++) {
      const m = this.row(i)
      if (m) out.push(m)
    }
    return out
  }

  push(m: Message): void {
    const weight = weightOf(m.data)
    // One that is larger than all may be together is kept all the same, alone.
    while (this.kept >= this.capacity || (this.weight + weight > this.maxBytes && this.kept > 0)) this.drop()
    this.ring[this.next++ % this.capacity] = m
    this.weight += weight
    this.wakeRested()
  }

  /** filter shows only what passes; null shows all. */
  filter(test: Test | null): void {
    this.test = test
    this.forgetRows(this.first)
    this.wake()
  }

  pause(): void {
    this.pausedAt = this.next
    this.wake()
  }

  resume(): void {
    this.pausedAt = null
    this.wake()
  }

  clear(): void {
    this.ring.length = 0
    this.first = this.next
    this.weight = 0
    this.dropped = 0
    if (this.pausedAt !== null) this.pausedAt = this.next
    this.forgetRows(this.next)
    this.wake()
  }

  /** Messages from here on are not tested yet for being shown. */
  private get end() {
    return this.pausedAt ?? this.next
  }

  private message(n: number): Message | undefined {
    return n >= this.first && n < this.next ? this.ring[n % this.capacity] : undefined
  }

  private forgetRows(cursor: number): void {
    this.shown = []
    this.head = 0
    this.gone = 0
    this.cursor = cursor
  }

  private drop(): void {
    const slot = this.first++ % this.capacity
    this.weight -= weightOf(this.ring[slot]!.data)
    this.ring[slot] = undefined
    this.dropped++
  }

  /** wake is for what somebody did, and for a filter that is not done. */
  private wake(): void {
    if (this.framed) return
    this.framed = true
    this.clock.frame(this.flush)
  }

  /** wakeRested is for messages, of which there may be thousands a second. */
  private wakeRested(): void {
    if (this.framed || this.resting) return
    const rest = this.restUntil - this.clock.now()
    if (rest <= 0) return this.wake()
    this.resting = true
    this.clock.later(() => {
      this.resting = false
      this.wake()
    }, rest)
  }

  private readonly flush = () => {
    this.framed = false
    const begun = this.clock.now()
    this.scan()
    this.version++
    for (const l of this.listeners) l()
    this.restUntil = begun + listEach
    // The task after this one begins when React and the browser are done.
    this.clock.later(() => {
      const took = this.clock.now() - begun
      this.restUntil = begun + Math.max(listEach, Math.min(share * took, longestRest))
      if (this.filtering) this.goOn()
    })
  }

  /** goOn filters what one frame did not, and shows of it what there is when it is time, or at the end. */
  private readonly goOn = () => {
    this.scan()
    if (this.filtering && this.clock.now() < this.restUntil) this.clock.later(this.goOn)
    else this.wake()
  }

  /** scan tests what was not tested yet, in slices, so that input is never kept waiting. */
  private scan(): void {
    this.cursor = Math.max(this.cursor, this.first)
    while (this.head < this.shown.length && this.shown[this.head]! < this.first) {
      this.head++
      this.gone++
    }
    if (this.head > slack) {
      this.shown = this.shown.slice(this.head)
      this.head = 0
    }
    const stop = this.clock.now() + slice
    while (this.cursor < this.end) {
      const until = Math.min(this.end, this.cursor + between)
      for (; this.cursor < until; this.cursor++) {
        if (!this.test || this.test(this.message(this.cursor)!)) this.shown.push(this.cursor)
      }
      if (this.clock.now() >= stop) break
    }
  }
}
