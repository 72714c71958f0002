// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { ApiError } from '@/api/error'

import { Connection } from './connection'
import { FakeSocket } from './fake-socket'

const url = 'wss://gateway.example/ws/x'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1) // the longest wait of each
  FakeSocket.install()
})

afterEach(() => vi.useRealTimers())

async function connected(onMessage = vi.fn()) {
  const c = new Connection(onMessage)
  c.to(() => Promise.resolve(url))
  c.connect()
  await vi.advanceTimersByTimeAsync(0)
  FakeSocket.last.open()
  return c
}

/** waits returns how long it waits for the next try, and goes on to it. */
async function waits(c: Connection) {
  if (c.state.kind !== 'waiting') throw new Error(`the connection is ${c.state.kind}`)
  const ms = c.state.at - Date.now()
  await vi.advanceTimersByTimeAsync(ms)
  return ms
}

describe('Connection', () => {
  it('hands on what arrives and sends while it is open', async () => {
    const onMessage = vi.fn()
    const c = await connected(onMessage)
    FakeSocket.last.receive('hello')
    expect(onMessage).toHaveBeenCalledWith('hello')
    expect(c.send('back')).toBe(true)
    expect(FakeSocket.last.sent).toEqual(['back'])
    c.disconnect()
    expect(c.send('too late')).toBe(false)
  })

  it('comes back, later each time, until a connection has lasted', async () => {
    const c = await connected()
    FakeSocket.last.end(1006)
    expect(await waits(c)).toBe(500)
    for (const ms of [1000, 2000, 4000, 8000, 15_000, 15_000]) {
      FakeSocket.last.end(1006)
      expect(await waits(c)).toBe(ms)
    }
    FakeSocket.last.open()
    await vi.advanceTimersByTimeAsync(6000)
    FakeSocket.last.end(1001)
    expect(await waits(c)).toBe(500)
  })

  it('waits as long as a gateway that restarts asks for', async () => {
    const c = await connected()
    FakeSocket.last.end(1012, 'restarting; retry-after=2.5')
    expect(await waits(c)).toBe(2500)
    expect(FakeSocket.all).toHaveLength(2)
  })

  it.each([1008, 4403, 4410, 4411, 4429])('stays closed after %d', async (code) => {
    const c = await connected()
    FakeSocket.last.end(code)
    expect(c.state).toMatchObject({ kind: 'closed', ending: { code } })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(FakeSocket.all).toHaveLength(1)
  })

  it('asks for a new address each time, so that it survives a new key', async () => {
    const c = await connected()
    const next = vi.fn(() => Promise.resolve(`${url}?ticket=2`))
    c.to(next)
    FakeSocket.last.end(4412)
    await waits(c)
    expect(FakeSocket.last.url).toBe(`${url}?ticket=2`)
  })

  it('stays closed when somebody closes it, and is not heard any more', async () => {
    const onMessage = vi.fn()
    const c = await connected(onMessage)
    const socket = FakeSocket.last
    c.disconnect()
    socket.receive('late')
    socket.end(1000)
    await vi.advanceTimersByTimeAsync(60_000)
    expect([c.state, onMessage.mock.calls]).toEqual([{ kind: 'closed', ending: null }, []])
    expect(FakeSocket.all).toHaveLength(1)
  })

  it('connects at once when the network is back', async () => {
    const c = await connected()
    FakeSocket.last.end(1006)
    window.dispatchEvent(new Event('online'))
    await vi.advanceTimersByTimeAsync(0)
    expect([c.state.kind, FakeSocket.all.length]).toEqual(['connecting', 2])
  })

  it('tries again for a ticket if the gateway is away, not if it refuses', async () => {
    const c = new Connection(vi.fn())
    c.to(() => Promise.reject(ApiError.unreachable()))
    c.connect()
    await vi.advanceTimersByTimeAsync(0)
    expect(c.state.kind).toBe('waiting')
    c.to(() => Promise.reject(new ApiError('forbidden', '', {}, 403)))
    await waits(c)
    expect(c.state).toMatchObject({ kind: 'closed', ending: { error: { code: 'forbidden' } } })
  })
})
