// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen } from '@testing-library/react'
import { expect, it } from 'vitest'

import type { Schema } from '@/api/client'
import { ClientServices } from '@/features/tunnels/client-services'
import { port, publication } from '@/test/example-publication'
import { answer } from '@/test/server'
import { show } from '@/test/render'

const client: Schema<'Client'> = {
  name: 'nas',
  owner_id: 3,
  owner: 'alice',
  status: 'online',
  token_id: 't1',
  services: [
    { id: 'web', protocol: 'http', url: publication.url },
    { id: 'ssh', protocol: 'tcp', url: port.url },
    { id: 'new', protocol: 'http', url: 'https://new-alice.apps.example.com' },
    { id: 'files', protocol: 'tcp' },
  ],
  sessions: 0,
  parked: 0,
  bytes_in: 0,
  bytes_out: 0,
  registered_at: '2026-11-22T08:00:00Z',
}

it("leads from a client's services to the screens of their names", async () => {
  const other = { ...publication, name: 'other-bob', owner_id: 4 }
  const calls = answer('get', '/admin/published', { items: [other, publication, port] })
  await show(<ClientServices client={client} every />)
  expect(await screen.findByRole('link', { name: publication.url })).toHaveAttribute(
    'href',
    '/admin/publishing/3/web-alice/requests',
  )
  expect(screen.getByRole('link', { name: port.url })).toHaveAttribute(
    'href',
    '/admin/publishing/3/tcp%3A20022/access',
  )
  expect(screen.getByText('https://new-alice.apps.example.com')).toBeVisible()
  expect(screen.getAllByRole('link')).toHaveLength(2)
  expect(calls).toHaveLength(1)
  expect(calls[0]!.url.searchParams.get('search')).toBe('/nas/')
})
