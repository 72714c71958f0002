// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor } from '@testing-library/react'
import { expect, test, vi } from 'vitest'

import { example } from '@/test/example-endpoint'
import { withLive } from '@/test/live'
import { show } from '@/test/render'
import { answer } from '@/test/server'

import { Component } from './endpoint'
import { Component as Any } from './endpoint-any'

vi.mock('@/features/console/console', () => ({ Console: () => null }))
vi.mock('@/features/code/code-examples', () => ({ CodeExamples: () => null }))

const page = (tab = '', language: 'en' | 'zh-CN' = 'en') =>
  show(withLive(<Component />), {
    path: '/endpoints/:id/:tab?',
    at: `/endpoints/${example.id}/${tab}`,
    language,
  })

test('an unknown id is said to lead nowhere', async () => {
  answer('get', '/endpoints/:id', { code: 'not_found', message: '' }, 404)
  await page()
  expect(await screen.findByText('There is nothing here')).toBeVisible()
})

test('administrators ask for the endpoints of all, and see whose it is', async () => {
  const calls = answer('get', '/admin/endpoints/:id', example)
  await show(withLive(<Any />), {
    path: '/admin/endpoints/:id/:tab?',
    at: `/admin/endpoints/${example.id}`,
  })
  expect(await screen.findByText('Doorbell', { selector: 'h1' })).toBeVisible()
  expect(screen.getByText('It belongs to alice.')).toBeVisible()
  expect(calls.length).toBeGreaterThan(0)
})

test('it is renamed in its place, on the ground of the version that was seen', async () => {
  answer('get', '/endpoints/:id', example)
  const calls = answer('patch', '/endpoints/:id', { ...example, name: 'Gate', version: 4 })
  const { user } = await page('log')
  answer('get', '/endpoints/:id/log', { items: [] })
  await user.click(await screen.findByLabelText('Rename'))
  await user.clear(screen.getByLabelText('Name'))
  await user.type(screen.getByLabelText('Name'), 'Gate')
  answer('get', '/endpoints/:id', { ...example, name: 'Gate', version: 4 })
  await user.click(screen.getByLabelText('Save'))
  expect(await screen.findByText('Gate', { selector: 'h1' })).toBeVisible()
  expect(calls[0]!.body).toEqual({ name: 'Gate' })
  expect(calls[0]!.headers.get('If-Match')).toBe('"v3"')
})

test('a client is disconnected after a question', async () => {
  answer('get', '/endpoints/:id', example)
  const connection = {
    id: 7,
    address: '192.0.2.1',
    since: '2026-01-02T03:04:05Z',
    messages_in: 5,
    bytes_in: 50,
    messages_out: 6,
    bytes_out: 60,
    lag: 0,
  }
  answer('get', '/endpoints/:id/connections', { items: [connection] })
  const kicked = answer('delete', '/endpoints/:id/connections/:connection', null)
  const { user } = await page('connections')
  await user.click(await screen.findByLabelText('Disconnect 192.0.2.1'))
  expect(kicked).toHaveLength(0)
  await user.click((await screen.findAllByText('Disconnect')).at(-1)!)
  await waitFor(() => expect(kicked).toHaveLength(1))
  expect(kicked[0]!.url.pathname).toMatch(/connections\/7$/)
  answer('get', '/endpoints/:id/connections', { items: [] })
  expect(await screen.findByText('Nobody is connected', {}, { timeout: 15_000 })).toBeVisible()
})

test('the log says in plain words why connections ended, in both languages', async () => {
  answer('get', '/endpoints/:id', example)
  const end = { time: '2026-01-02T03:04:05Z', event: 'disconnected', address: '192.0.2.1', seconds: 61 }
  answer('get', '/endpoints/:id/log', {
    items: [
      { ...end, connection: 1, code: 1006, reason: 'ping timeout' },
      { ...end, connection: 2, code: 3000, reason: 'closed by client: lunch' },
    ],
  })
  const english = await page('log')
  expect(await screen.findByText(/did not answer a ping/)).toBeVisible()
  expect(screen.getByText('It said: “lunch”')).toBeVisible()
  expect(screen.getAllByText('1:01')).toHaveLength(2)
  english.unmount()
  await page('log', 'zh-CN')
  expect(await screen.findByText(/\u6ca1\u6709\u54cd\u5e94 ping/)).toBeVisible()
})
