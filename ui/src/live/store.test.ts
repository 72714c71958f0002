// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import type { Schema } from '@/api/client'

import { fakeBrowser, FakeEvents } from './fake'
import { LiveStore, span } from './store'

const rates: Schema<'Rates'> = { messages_in: 1, messages_out: 2, bytes_in: 3, bytes_out: 4, dropped: 0 }
const live = (connections: number, endpoints: string[] = []) => ({
  rates,
  connections,
  tunnel_bytes: 5,
  endpoints: endpoints.map((id) => ({ id, rates, connections })),
})

beforeEach(() => {
  vi.useFakeTimers()
  fakeBrowser()
})
afterEach(() => vi.useRealTimers())

/** begun returns a store that somebody listens to, and its stream. */
async function begun(onChange = vi.fn()) {
  const store = new LiveStore('own', onChange)
  const changed = vi.fn()
  const stop = store.subscribe(changed)
  await vi.advanceTimersByTimeAsync(0)
  const stream = FakeEvents.open[0]!
  stream.accept()
  return { store, changed, stop, stream, onChange }
}

test('a second without news repeats the numbers of the one before', async () => {
  const { store, stream } = await begun()
  stream.send('live', live(1, ['a']))
  await vi.advanceTimersByTimeAsync(3000)
  stream.send('live', live(2, ['a', 'b']))
  await vi.advanceTimersByTimeAsync(1000)
  expect(store.series.map((s) => s.connections)).toEqual([1, 1, 1, 2])
  expect(store.endpointSeries('a').map((s) => s.connections)).toEqual([1, 1, 1, 2])
  expect(store.endpointSeries('b').map((s) => s.connections)).toEqual([2])
  expect(store.endpoint('b')?.connections).toBe(2)
})

test('five minutes are kept, no more', async () => {
  const { store, stream } = await begun()
  stream.send('live', live(1))
  await vi.advanceTimersByTimeAsync((span + 20) * 1000)
  expect(store.series).toHaveLength(span)
})

test('while nothing comes there is a gap, not numbers of before', async () => {
  const { store, stream } = await begun()
  stream.send('live', live(1))
  await vi.advanceTimersByTimeAsync(2000)
  stream.fail(0)
  expect(store.connected).toBe(false)
  await vi.advanceTimersByTimeAsync(5000)
  expect(store.series).toHaveLength(2)
})

test('changes are told, not shown', async () => {
  const { stream, onChange, changed } = await begun()
  changed.mockClear()
  stream.send('change', { kind: 'endpoint_created', id: 'x' })
  stream.send('change', { kind: 'missed' })
  expect(onChange.mock.calls).toEqual([[{ kind: 'endpoint_created', id: 'x' }], ['missed']])
  expect(changed).not.toHaveBeenCalled()
})

test('a store that nobody listens to closes the stream and forgets', async () => {
  const { store, stream, stop } = await begun()
  stream.send('live', live(1, ['a']))
  await vi.advanceTimersByTimeAsync(1000)
  stop()
  expect(FakeEvents.open).toEqual([])
  expect(store).toMatchObject({ now: null, connected: false, series: [] })
  expect(store.endpoint('a')).toBeUndefined()
})
