// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { fakeBrowser, FakeEvents } from './fake'
import { follow, type Message } from './stream'

const live = { time: '2026-11-22T13:00:00Z', connections: 3 }

const open: AbortController[] = []

beforeEach(() => {
  vi.useFakeTimers()
  fakeBrowser()
})
afterEach(() => {
  for (const stop of open.splice(0)) stop.abort()
  vi.useRealTimers()
})

const settled = () => vi.advanceTimersByTimeAsync(0)

/** tab opens one, and returns what it hears and how it is closed. */
async function tab() {
  const heard: Message[] = []
  const stop = new AbortController()
  open.push(stop)
  follow('own', (m) => heard.push(m), stop.signal)
  await settled()
  const kinds = () => heard.splice(0).map((m) => (m.kind === 'state' ? `connected ${m.connected}` : m.kind))
  return { heard, kinds, close: () => stop.abort() }
}

/** stream is the only one that is open. */
function stream() {
  expect(FakeEvents.open).toHaveLength(1)
  return FakeEvents.open[0]!
}

test('one stream is for all tabs, and one that comes late hears what is', async () => {
  const one = await tab()
  const two = await tab()
  expect(two.kinds()).toEqual(['connected false'])
  stream().accept()
  stream().send('live', live)
  stream().send('change', { kind: 'endpoint_created', id: 'x' })
  for (const t of [one, two]) expect(t.kinds()).toEqual(['connected true', 'live', 'change'])

  const late = await tab()
  expect(late.heard.at(-1)).toEqual({ kind: 'live', live })
  expect(late.kinds()).toEqual(['connected true', 'live'])
  stream()
})

test('when the tab that reads goes, another reads on, and all know that they have missed something', async () => {
  const [one, two, three] = [await tab(), await tab(), await tab()]
  stream().accept()
  for (const t of [one, two, three]) t.kinds()
  one.close()
  await settled()
  stream().accept()
  for (const t of [two, three]) expect(t.kinds()).toEqual(['connected false', 'missed', 'connected true'])
  expect(one.kinds()).toEqual([])
})

test('a tab that takes over from one with a gateway that is gone says so', async () => {
  const [one, two] = [await tab(), await tab()]
  stream().accept()
  two.kinds()
  one.close()
  await settled()
  stream().fail(0)
  expect(two.kinds()).toEqual(['connected false'])
})

test('tabs that wait and are closed never read', async () => {
  const [one, two] = [await tab(), await tab()]
  two.close()
  one.close()
  await settled()
  expect(FakeEvents.open).toEqual([])
})

test('after an interruption everything is fetched, not after the first opening', async () => {
  const one = await tab()
  stream().accept()
  expect(one.kinds()).toEqual(['connected true'])
  stream().fail(0)
  expect(one.kinds()).toEqual(['connected false'])
  stream().accept() // the browser has tried again by itself
  expect(one.kinds()).toEqual(['missed', 'connected true'])
})

test('what was asleep opens the stream anew, what only came a little late does not', async () => {
  const one = await tab()
  stream().accept()
  one.kinds()
  const before = stream()
  vi.setSystemTime(Date.now() + 10_000)
  await vi.advanceTimersByTimeAsync(2000)
  expect(stream()).toBe(before)
  vi.setSystemTime(Date.now() + 60_000)
  await vi.advanceTimersByTimeAsync(2000)
  expect(stream()).not.toBe(before)
  stream().accept()
  expect(one.kinds()).toEqual(['missed'])
})

test('a hidden tab, whose timers come once a minute, is not taken for one that slept', async () => {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
  await tab()
  const before = stream()
  vi.setSystemTime(Date.now() + 60_000)
  await vi.advanceTimersByTimeAsync(2000)
  expect(stream()).toBe(before)
})

test('the network coming back opens the stream anew at once', async () => {
  await tab()
  const before = stream()
  window.dispatchEvent(new Event('online'))
  expect(stream()).not.toBe(before)
})

test('a stream that is refused is opened again, more and more seldom, and the log-in looked at', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5) // delays as they are meant
  const one = await tab()
  for (const seconds of [1, 2, 4, 8, 15, 15]) {
    stream().fail(2)
    expect(one.kinds()).toEqual(['refused'])
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1)
    expect(FakeEvents.open).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(1)
  }
  stream().accept()
  expect(one.kinds()).toEqual(['missed', 'connected true'])
  stream().fail(2)
  await vi.advanceTimersByTimeAsync(1000)
  stream() // it begins with the shortest delay again
})
