// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { readdirSync, readFileSync } from 'node:fs'

import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, it } from 'vitest'

import { answer } from '@/test/server'
import { show } from '@/test/render'

import { auditActions } from './actions'
import { AuditScreen } from './audit'
import { diff } from './diff'
import { auditQuery, exportLink } from './filters'

const entry = {
  id: 9,
  time: '2026-11-22T10:00:00Z',
  actor_id: 2,
  actor: 'bob',
  address: '192.0.2.7',
  agent: 'curl/8',
  action: 'endpoint.change',
  target: 'endpoint/abc',
  before: { name: 'old', settings: { max_connections: 0, origins: [] } },
  after: { name: 'new', settings: { max_connections: 0, origins: ['https://a.example'] } },
}

beforeEach(() => {
  answer('get', '/admin/users', { items: [{ id: 2, name: 'bob' }] })
})

it('says in plain words what was done, and what differs', async () => {
  answer('get', '/admin/audit', { items: [entry, { ...entry, id: 8, action: 'moon.landing' }] })
  const { user } = await show(<AuditScreen />)
  const table = within(await screen.findByRole('table', { name: 'Audit log' }))
  expect(table.getByText('Changed an endpoint')).toBeVisible()
  expect(table.getByText('moon.landing')).toBeVisible()
  await user.click(table.getAllByRole('button', { name: 'Expand row' })[0]!)
  const changes = within(await screen.findByRole('table', { name: 'Changes' }))
  expect(changes.getByText('settings.origins')).toBeVisible()
  expect(changes.getByText('https://a.example')).toBeVisible()
  expect(changes.queryByText('settings.max_connections')).not.toBeInTheDocument()
})

it('asks for what the address says, and changes it', async () => {
  const calls = answer('get', '/admin/audit', { items: [] })
  const { user, router } = await show(<AuditScreen />, {
    at: '/?actor=2&action=login.fail&from=2026-11-01T00:00:00Z',
  })
  expect(await screen.findByText('Nothing matches')).toBeVisible()
  expect(Object.fromEntries(calls[0]!.url.searchParams)).toEqual({
    actor: '2',
    action: 'login.fail',
    from: '2026-11-01T00:00:00.000Z',
  })
  await user.type(screen.getByRole('searchbox'), 'user/bob')
  await waitFor(() => expect(router.state.location.search).toContain('target=user%2Fbob'))
  await user.click(screen.getByRole('button', { name: 'Clear filters' }))
  await waitFor(() => expect(router.state.location.search).toBe(''))
})

it('leaves out of a question what is no value', () => {
  expect(auditQuery({ actor: 'bob', from: 'yesterday' })).toEqual({})
  expect(exportLink({ actor: '2', to: '2026-11-01T00:00:00Z' }, 'csv')).toBe(
    '/api/v1/admin/audit/export?format=csv&actor=2&to=2026-11-01T00%3A00%3A00.000Z',
  )
})

it('compares things of any shape', () => {
  expect(diff(undefined, { a: 1, b: { c: [1, { d: 2 }] } })).toEqual([
    { field: 'a', before: undefined, after: '1' },
    { field: 'b.c', before: undefined, after: '1, {"d":2}' },
  ])
  expect(diff(true, false)).toEqual([{ field: '', before: 'true', after: 'false' }])
  expect(diff({ a: null, b: 1 }, { b: 1 })).toEqual([])
})

it('has words for each action that the gateway writes', () => {
  const written = new Set<string>()
  for (const folder of ['internal/account', 'internal/gateway', 'admin']) {
    for (const name of readdirSync(`../${folder}`)) {
      if (!name.endsWith('.go') || name.endsWith('_test.go')) continue
      for (const line of readFileSync(`../${folder}/${name}`, 'utf8').split('\n')) {
        if (!/\b(audit|note|noteEndpoint|changed|Note)\(|\baction :?= "/.test(line)) continue
        for (const [, action] of line.matchAll(/"([a-z_]+\.[a-z_]+)"/g)) written.add(action!)
      }
    }
  }
  expect([...written].sort()).toEqual([...auditActions].sort())
})
