// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'

import { answer } from '@/test/server'
import { show } from '@/test/render'

import { Component } from './client'
import { Component as Any } from './client-any'

const nas = {
  name: 'nas',
  owner_id: 3,
  owner: 'alice',
  status: 'online',
  token_id: 't1',
  services: [],
  sessions: 1,
  parked: 0,
  bytes_in: 1500,
  bytes_out: 0,
  registered_at: '2026-11-22T08:00:00Z',
  fingerprint: 'SHA256:abc',
}
const streams = { items: [], total: 0 }
const session = {
  id: 's1',
  visitor: 'laptop',
  visitor_owner: 'bob',
  provider: 'nas',
  provider_owner: 'alice',
  service: 'web',
  status: 'connected',
  created_at: '2026-11-22T08:00:00Z',
  mode: 'tls',
  channels: 2,
  bytes_up: 0,
  bytes_down: 0,
}
const me = { user: { id: 3, name: 'alice', admin: false } }
const site = { url: 'https://example.com', websocket_url: 'wss://example.com' }
const at = { path: '/tunnels/clients/:name', at: '/tunnels/clients/nas' }

it('shows a client with its sessions, disconnects it, and revokes its token', async () => {
  answer('get', '/auth/me', me)
  answer('get', '/site', site)
  answer('get', '/clients/nas', nas)
  answer('get', '/clients/nas/streams', streams)
  answer('get', '/sessions', { items: [session, { ...session, id: 's2', provider: 'other' }] })
  const kicks = answer('post', '/clients/nas/kick', null)
  const revocations = answer('delete', '/clients/nas', null)
  const { user, router } = await show(<Component />, at)
  await screen.findByText('bob/laptop') // before roles, which take long to find
  const table = within(screen.getByRole('table', { name: 'Going on' }))
  expect(await table.findByText('nas/web')).toBeVisible()
  expect(table.queryByText('other/web')).toBeNull()
  expect(table.getByText('encrypted')).toBeVisible()
  expect(await screen.findByText(/"serverUrl": "wss:\/\/example.com"/)).toBeVisible()

  await user.click(screen.getByText('Disconnect'))
  await screen.findByText('Disconnect this client?')
  await user.click(screen.getAllByText('Disconnect').at(-1)!)
  expect(await screen.findByText('nas was disconnected')).toBeVisible()
  expect(kicks).toHaveLength(1)

  await user.click(screen.getByText('Revoke its token'))
  await screen.findByText('Revoke the token for good?')
  await user.click(screen.getAllByText('Revoke its token').at(-1)!)
  await expect.poll(() => router.state.location.pathname).toBe('/tunnels/clients')
  expect(revocations).toHaveLength(1)
})

it('says that there is no such client', async () => {
  answer('get', '/clients/nas', { code: 'not_found', message: '' }, 404)
  await show(<Component />, at)
  expect(await screen.findByText('There is nothing here')).toBeVisible()
})

it('shows administrators whose client it is', async () => {
  answer('get', '/auth/me', me)
  answer('get', '/admin/clients/3/nas', nas)
  answer('get', '/admin/clients/3/nas/streams', streams)
  answer('get', '/admin/sessions', { items: [] })
  const forgotten = answer('delete', '/admin/clients/3/nas/key', null)
  const { user } = await show(<Any />, { path: '/admin/clients/:owner/:name', at: '/admin/clients/3/nas' })
  expect(await screen.findByText('alice')).toBeVisible()
  expect(screen.queryByText('Configuration')).toBeNull()
  await user.click(screen.getByText('Forget the key'))
  await user.click(screen.getAllByText('Forget the key').at(-1)!)
  expect(await screen.findByText('The key of nas was forgotten')).toBeVisible()
  expect(forgotten).toHaveLength(1)
})
