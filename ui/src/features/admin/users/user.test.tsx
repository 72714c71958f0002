// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, it } from 'vitest'

import { answer } from '@/test/server'
import { show } from '@/test/render'

import { UserDrawer } from './user-drawer'

const bob = {
  id: 2,
  name: 'bob',
  email: 'bob@example.com',
  admin: true,
  created_at: '2026-11-01T10:00:00Z',
  limits: { endpoints: 5 },
  version: 3,
}
const usage = {
  month: '2026-11',
  bytes: 4e9,
  monthly_bytes: 5e9,
  warned: true,
  exceeded: false,
  endpoints: 3,
  max_endpoints: 5,
  clients: 0,
  max_clients: 20,
  connections: 7,
  max_connections: 0,
}

beforeEach(() => {
  answer('get', '/site', { url: 'https://example.com' })
  answer('get', '/admin/users/2', bob)
  answer('get', '/admin/users/2/usage', usage)
  answer('get', '/admin/users/2/history', { items: [] })
})

const open = (onClose = () => undefined) => show(<UserDrawer id={2} onClose={onClose} />)

it('shows usage against limits', async () => {
  await open()
  expect(await screen.findByText('4 GB of 5 GB')).toBeVisible()
  expect(screen.getByText('7, no limit')).toBeVisible()
})

it('does not overwrite limits that somebody else has changed meanwhile', async () => {
  const calls = answer('patch', '/admin/users/2', { code: 'conflict', message: '' }, 412)
  const { user } = await open()
  const number = await screen.findByLabelText('Endpoints, at most')
  await user.clear(number)
  await user.type(number, '8')
  answer('get', '/admin/users/2', { ...bob, limits: { endpoints: 20 }, version: 4 })
  await user.click(screen.getByRole('button', { name: 'Save' }))
  expect(await screen.findByText('Somebody else has changed this meanwhile')).toBeVisible()
  expect(calls[0]!.headers.get('If-Match')).toBe('"v3"')
  expect(calls[0]!.body).toEqual({
    limits: { endpoints: 8, clients: 0, connections: 0, monthly_bytes: 0 },
  })
  await waitFor(() => expect(screen.getByLabelText('Endpoints, at most')).toHaveValue('20'))
})

it('says that there must be one administrator', async () => {
  answer('patch', '/admin/users/2', { code: 'last_admin', message: '' }, 409)
  const { user } = await open()
  await user.click(await screen.findByRole('button', { name: 'Take away administration' }))
  await user.click(
    within(await screen.findByRole('tooltip')).getByRole('button', { name: 'Take away administration' }),
  )
  expect(await screen.findByText('There must be one administrator')).toBeVisible()
})

it('deletes an account only when its name is typed', async () => {
  const calls = answer('delete', '/admin/users/2', null)
  const { user } = await open()
  await user.click(await screen.findByRole('button', { name: 'Delete' }))
  const dialog = within(
    (await screen.findByText('Delete the account bob?')).closest<HTMLElement>('.ant-modal')!,
  )
  await user.type(dialog.getByLabelText('Type bob to confirm'), 'alice')
  await user.click(dialog.getByRole('button', { name: 'Delete this account' }))
  expect(await dialog.findByText("This is not the account's name.")).toBeVisible()
  expect(calls).toHaveLength(0)
  await user.clear(dialog.getByLabelText('Type bob to confirm'))
  await user.type(dialog.getByLabelText('Type bob to confirm'), 'bob')
  await user.click(dialog.getByRole('button', { name: 'Delete this account' }))
  await waitFor(() => expect(calls).toHaveLength(1))
  expect(calls[0]!.headers.get('If-Match')).toBe('"v3"')
})

it('makes a link for a new password, in Chinese too', async () => {
  answer('post', '/admin/users/2/reset', { code: 'CCC', expires_at: '2026-11-23T10:00:00Z' })
  const { user } = await show(<UserDrawer id={2} onClose={() => undefined} />, { language: 'zh-CN' })
  await user.click(await screen.findByRole('button', { name: '密码重置链接' }))
  expect(await screen.findByLabelText('bob 的密码重置链接')).toHaveValue('https://example.com/reset#CCC')
})
