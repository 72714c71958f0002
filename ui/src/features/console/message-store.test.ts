// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest'

import { MessageStore, type Clock } from './message-store'
import type { Message } from './messages'

/** A clock that each look at it sets forward by `step` ms, and whose tasks run when the test says so. */
function fakeClock(step = 0) {
  let now = 0
  let tasks: (() => void)[] = []
  const clock: Clock = {
    now: () => (now += step),
    frame: (f) => tasks.push(f),
    later: (f) => tasks.push(f),
  }
  /** run runs what is due now, settle all that comes of it. */
  const run = () => {
    const due = tasks
    tasks = []
    now += 1000
    for (const f of due) f()
  }
  const settle = () => {
    while (tasks.length > 0) run()
  }
  return { clock, run, settle }
}

const message = (n: number): Message => ({
  direction: n % 2 ? 'sent' : 'received',
  at: n,
  data: `message ${n}`,
})
const texts = (s: MessageStore) => s.all().map((m) => m.data)

describe('MessageStore', () => {
  it('holds 100,000 messages, drops the oldest and counts them', () => {
    const { clock, settle } = fakeClock()
    const s = new MessageStore(clock)
    for (let n = 0; n < 100_250; n++) s.push(message(n))
    settle()
    expect([s.kept, s.rows, s.dropped]).toEqual([100_000, 100_000, 250])
    expect(s.row(0)?.data).toBe('message 250')
    expect(s.row(99_999)?.data).toBe('message 100249')
  })

  it('tells of any number of messages once', () => {
    const { clock, run } = fakeClock()
    const s = new MessageStore(clock)
    let told = 0
    s.subscribe(() => told++)
    for (let n = 0; n < 5000; n++) s.push(message(n))
    expect(told).toBe(0)
    run()
    expect([told, s.rows]).toEqual([1, 5000])
  })

  it('does not hold more bytes than it may, but always the last message', () => {
    const { clock, settle } = fakeClock()
    const s = new MessageStore(clock, 10, 100)
    for (const size of [60, 30, 50, 500]) s.push({ direction: 'sent', at: 0, data: new ArrayBuffer(size) })
    settle()
    expect(s.all().map((m) => (m.data as ArrayBuffer).byteLength)).toEqual([500])
    expect(s.dropped).toBe(3)
  })

  it('filters what it has and what comes, in slices', () => {
    const { clock, run, settle } = fakeClock(9) // more than a slice at each look
    const s = new MessageStore(clock)
    for (let n = 0; n < 1000; n++) s.push(message(n))
    settle()
    s.filter((m) => (m.data as string).endsWith('7'))
    run()
    expect(s.filtering).toBe(true)
    expect(s.rows).toBeLessThan(100)
    settle()
    expect([s.filtering, s.rows]).toEqual([false, 100])
    for (let n = 1000; n < 1010; n++) s.push(message(n))
    settle()
    expect(texts(s).slice(-2)).toEqual(['message 997', 'message 1007'])
    s.filter(null)
    settle()
    expect(s.rows).toBe(1010)
  })

  it('tells how many rows have gone from the front of what is filtered', () => {
    const { clock, settle } = fakeClock()
    const s = new MessageStore(clock, 100)
    s.filter((m) => m.direction === 'sent')
    for (let n = 0; n < 100; n++) s.push(message(n))
    settle()
    for (let n = 100; n < 110; n++) s.push(message(n))
    settle()
    expect([s.gone, s.rows, s.row(0)?.data]).toEqual([5, 50, 'message 11'])
  })

  it('holds still while paused, and counts what comes', () => {
    const { clock, settle } = fakeClock()
    const s = new MessageStore(clock)
    s.push(message(0))
    settle()
    s.pause()
    s.push(message(1))
    s.push(message(2))
    settle()
    expect([texts(s), s.waiting]).toEqual([['message 0'], 2])
    s.resume()
    settle()
    expect([s.rows, s.waiting]).toEqual([3, 0])
  })

  it('forgets everything when it is cleared, paused or not', () => {
    const { clock, settle } = fakeClock()
    const s = new MessageStore(clock, 2)
    for (let n = 0; n < 3; n++) s.push(message(n))
    s.pause()
    s.clear()
    settle()
    expect([s.kept, s.rows, s.dropped, s.waiting]).toEqual([0, 0, 0, 0])
    s.resume()
    s.push(message(3))
    settle()
    expect(texts(s)).toEqual(['message 3'])
  })
})
