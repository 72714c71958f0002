// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor, within } from '@testing-library/react'
import { Grid } from 'antd'
import { expect, test, vi } from 'vitest'

import { undoFor } from '@/components/use-undo'
import { example } from '@/test/example-endpoint'
import { stream, withLive } from '@/test/live'
import { show } from '@/test/render'
import { answer } from '@/test/server'

import { Component } from './list'

const list = () => show(withLive(<Component />), { path: '/endpoints', at: '/endpoints' })

test('the empty list has one action, which creates and leads to the page', async () => {
  answer('get', '/endpoints', { items: [] })
  answer('get', '/endpoints/:id', example)
  const created = answer('post', '/endpoints', example, 201)
  const { user, router } = await list()
  expect(await screen.findByText('You have no endpoints yet')).toBeVisible()
  await user.click(screen.getByText('Create an endpoint'))
  await waitFor(() => expect(router.state.location.pathname).toBe(`/endpoints/${example.id}`))
  expect(router.state.location.state).toEqual({ created: true })
  expect(created[0]!.body).toEqual({ name: expect.stringMatching(/^[A-Z][a-z]+ [a-z]+$/) as string })
})

test('live numbers take the place of the fetched ones', async () => {
  vi.spyOn(Grid, 'useBreakpoint').mockReturnValue({ lg: true })
  answer('get', '/endpoints', { items: [example, { ...example, id: 'silent', name: 'Silent' }] })
  await list()
  const row = await screen.findByRole('row', { name: /Doorbell/ })
  expect(row).toHaveTextContent('0/s')
  const rates = { messages_in: 3, messages_out: 9, bytes_in: 1000, bytes_out: 2000, dropped: 0 }
  stream('live', {
    connections: 77,
    clients: 0,
    sessions: 0,
    tunnel_bytes: 0,
    rates,
    endpoints: [{ id: example.id, connections: 77, messages_in: 1, messages_out: 1, dropped: 0, rates }],
  })
  expect(within(row).getByText('77')).toBeVisible()
  expect(row).toHaveTextContent('12/s')
  expect(row).toHaveTextContent('3 kB/s')
  expect(screen.getByRole('row', { name: /Silent/ })).toHaveTextContent('0/s')
})

test('a deleted endpoint vanishes at once, comes back by Undo, and is deleted only later', async () => {
  answer('get', '/endpoints', { items: [example] })
  const deleted = answer('delete', '/endpoints/:id', null)
  const { user } = await list()
  await user.click(await screen.findByLabelText('Delete Doorbell'))
  expect(screen.queryByRole('row', { name: /Doorbell/ })).not.toBeInTheDocument()
  await user.click(screen.getByText('Undo'))
  expect(await screen.findByRole('row', { name: /Doorbell/ })).toBeVisible()
  expect(deleted).toHaveLength(0)

  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true })
  try {
    await user.click(screen.getByLabelText('Delete Doorbell'))
    await vi.advanceTimersByTimeAsync(undoFor + 100)
    await waitFor(() => expect(deleted).toHaveLength(1))
    expect(deleted[0]!.url.pathname).toContain(example.id)
  } finally {
    vi.useRealTimers()
  }
})

test('a search stands in the address and goes to the gateway', async () => {
  const calls = answer('get', '/endpoints', { items: [{ ...example, id: 'other' }] })
  const { user, router } = await list()
  await user.type(await screen.findByRole('searchbox'), 'door')
  await waitFor(() => expect(router.state.location.search).toBe('?search=door'))
  await waitFor(() => expect(calls.at(-1)!.url.searchParams.get('search')).toBe('door'))
})
