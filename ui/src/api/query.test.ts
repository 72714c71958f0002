// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { http, HttpResponse } from 'msw'
import { expect, test, vi } from 'vitest'

import { answer, server } from '@/test/server'

import { api, fetcher, ifMatch } from './client'
import { ApiError } from './error'
import { invalidate, makeQueryClient } from './query'

const queryOf = (path: '/endpoints' | '/usage') => api.queryOptions('get', path, {})

test('what did not reach the gateway is tried again, what it refused is not', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const client = makeQueryClient(() => undefined)
  let tries = 0
  server.use(http.get('*/api/v1/usage', () => (tries++, HttpResponse.error())))
  const lost = client.fetchQuery(queryOf('/usage')).catch((e: unknown) => e)
  for (let i = 0; i < 50 && tries < 3; i++) await vi.advanceTimersByTimeAsync(1000)
  expect(await lost).toMatchObject({ code: 'unreachable' })
  expect(tries).toBe(3)

  const calls = answer('get', '/endpoints', { code: 'forbidden', message: 'No.' }, 403)
  await expect(client.fetchQuery(queryOf('/endpoints'))).rejects.toThrow(ApiError)
  expect(calls).toHaveLength(1)
  vi.useRealTimers()
})

test('an answer that the log-in is over is told', async () => {
  const signedOut = vi.fn()
  const client = makeQueryClient(signedOut)
  answer('get', '/usage', { code: 'unauthenticated', message: 'No.' }, 401)
  await expect(client.fetchQuery(queryOf('/usage'))).rejects.toMatchObject({ code: 'unauthenticated' })
  expect(signedOut).toHaveBeenCalledOnce()
})

test('invalidate means a path and all below it, and no other that begins alike', async () => {
  const client = makeQueryClient(() => undefined)
  const keys = ['/endpoints', '/endpoints/{id}', '/endpoints-of-others', '/usage']
  for (const path of keys) client.setQueryData(['get', path, {}], {})
  await invalidate(client, '/endpoints')
  const stale = client.getQueryCache().findAll({ predicate: (q) => q.state.isInvalidated })
  expect(stale.map((q) => q.queryKey[1])).toEqual(['/endpoints', '/endpoints/{id}'])
})

test('a change says what version it is based on', async () => {
  const calls = answer('patch', '/endpoints/x', { id: 'x' })
  await fetcher.PATCH('/endpoints/{id}', {
    params: { path: { id: 'x' }, header: ifMatch(3) },
    body: { name: 'y' },
  })
  expect(calls[0]!.headers.get('If-Match')).toBe('"v3"')
})
