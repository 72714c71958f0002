// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'

import type { Schema } from '@/api/client'
import { answer } from '@/test/server'
import { show } from '@/test/render'

import { ClientKey } from './client-key'
import { ClientStreams } from './client-streams'

const stream = {
  id: '00112233445566778899aabbccddeeff',
  role: 'provider',
  peer: 'bob/laptop',
  service: 'ssh',
  path: 'relay',
  begun_at: new Date(Date.now() - 3_600_000).toISOString(),
  bytes_in: 1500,
  bytes_out: 2_500_000,
  unacknowledged: 64_000,
  resumptions: 3,
  last_fault: 'reset by the network',
  fault_at: new Date(Date.now() - 120_000).toISOString(),
  latency: 82.25,
  leg: 40,
}
const lost = {
  ...stream,
  id: 'ff',
  peer: 'laptop',
  path: '',
  latency: undefined,
  leg: undefined,
  last_fault: undefined,
}
const client: Schema<'Client'> = {
  name: 'nas',
  owner_id: 3,
  owner: 'alice',
  status: 'online',
  token_id: 't1',
  services: [],
  sessions: 0,
  parked: 0,
  bytes_in: 0,
  bytes_out: 0,
  registered_at: '2026-11-22T08:00:00Z',
}

it('shows the streams of a client, those without a path too', async () => {
  answer('get', '/clients/nas/streams', {
    items: [stream, lost],
    total: 7,
    reported_at: new Date().toISOString(),
  })
  await show(<ClientStreams which={{ name: 'nas' }} leaving={false} />)
  const row = within((await screen.findByText('bob/laptop')).closest('tr')!)
  for (const text of [
    'ssh',
    'Relay',
    '1 hour ago',
    '1.5 kB',
    '2.5 MB',
    '64 kB',
    '3',
    '82.3 ms',
    '40 ms',
    '2 minutes ago',
  ]) {
    expect(row.getByText(text), text).toBeVisible()
  }
  expect(row.getByText('reset by the network', { exact: false })).toBeVisible()
  const other = within(screen.getByText('laptop').closest('tr')!)
  expect(other.getByText('waiting to go on')).toBeVisible()
  expect(other.getAllByText('–')).toHaveLength(3)
  expect(screen.getByText('The busiest 2 of 7.', { exact: false })).toBeVisible()
})

it('says that a client has told nothing', async () => {
  answer('get', '/admin/clients/3/nas/streams', { items: [], total: 0 })
  await show(<ClientStreams which={{ name: 'nas', owner: 3 }} leaving={false} />, { language: 'zh-CN' })
  expect(await screen.findByText('现在没有连接经过这个客户端。')).toBeVisible()
  expect(screen.queryByText('客户端报告于', { exact: false })).toBeNull()
})

it('forgets a key after a question, and has nothing to forget without one', async () => {
  const forgotten = answer('delete', '/clients/nas/key', null)
  const { user } = await show(
    <>
      <ClientKey which={{ name: 'nas' }} client={{ ...client, fingerprint: 'SHA256:abc' }} />
      <ClientKey which={{ name: 'old' }} client={{ ...client, name: 'old' }} />
    </>,
  )
  expect(await screen.findByText('SHA256:abc')).toBeVisible()
  expect(screen.getByText('The client has never come with a key', { exact: false })).toBeVisible()
  expect(screen.getByLabelText('Copy Fingerprint')).toBeVisible()
  await user.click(screen.getByText('Forget the key'))
  await screen.findByText('Let the client come with another key?') // it comes in slowly
  expect(forgotten).toHaveLength(0)
  await user.click(screen.getAllByText('Forget the key').at(-1)!)
  expect(await screen.findByText('The key of nas was forgotten')).toBeVisible()
  expect(forgotten).toHaveLength(1)
})
