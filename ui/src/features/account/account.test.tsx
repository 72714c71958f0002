// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, within } from '@testing-library/react'
import { beforeEach, expect, test, vi } from 'vitest'

import { show } from '@/test/render'
import { answer } from '@/test/server'

import { Component as Account } from './account'

const limits = { monthly_bytes: 1_000_000, max_endpoints: 5, max_clients: 20, max_connections: 0 }
const usage = {
  ...limits,
  month: '2026-11',
  bytes: 850_000,
  endpoints: 2,
  clients: 0,
  connections: 3,
  warned: true,
  exceeded: false,
}
const alice = {
  id: 1,
  name: 'alice',
  email: 'alice@example.com',
  admin: false,
  created_at: '2026-11-01T10:00:00Z',
}

beforeEach(() => {
  answer('get', '/auth/me', { user: alice, scope: 'full', usage })
  answer('get', '/site', { logged_in: true, url: 'https://example.com' })
})

const open = (tab: string, language: 'en' | 'zh-CN' = 'en') =>
  show(<Account />, { path: '/account/:tab?', at: `/account/${tab}`, language })

const rowOf = (cell: HTMLElement) => cell.closest('tr')!

test('the profile says who one is and what is used of the limits', async () => {
  answer('get', '/usage', usage)
  await open('')
  expect(await screen.findByText('alice@example.com')).toBeInTheDocument()
  const traffic = await screen.findByRole('progressbar', { name: 'Traffic in November 2026' })
  expect(traffic).toHaveAttribute('aria-valuenow', '85')
  expect(screen.getByText('850 kB of 1 MB')).toBeInTheDocument()
  expect(screen.getByText('3, no limit')).toBeInTheDocument()
  expect(screen.getByText("Most of this month's traffic is used.")).toBeInTheDocument()
})

test('the tab is in the address, and an unknown one is not found', async () => {
  answer('get', '/usage', usage)
  const { user, router } = await open('')
  await user.click(await screen.findByRole('tab', { name: 'Password' }))
  expect(router.state.location.pathname).toBe('/account/password')
  expect(await screen.findByRole('heading', { level: 2, name: 'Change the password' })).toBeInTheDocument()
  await router.navigate('/account/none')
  expect(await screen.findByText('There is nothing here')).toBeInTheDocument()
})

test('a password is changed with the present one', async () => {
  const { user } = await open('password')
  await user.type(await screen.findByLabelText('Present password'), 'wrong')
  await user.type(screen.getByLabelText('New password'), 'snow on the new roof')
  answer('post', '/auth/password', { code: 'password_wrong', message: 'No.' }, 403)
  await user.click(screen.getByRole('button', { name: 'Change password' }))
  expect(await screen.findByText(/^The password is wrong\./)).toBeInTheDocument()
  expect(screen.getByLabelText('Present password')).toHaveFocus()

  const calls = answer('post', '/auth/password', { expires_at: '', user: alice })
  await user.click(screen.getByRole('button', { name: 'Change password' }))
  expect(await screen.findByText('Password changed. All other log-ins have ended.')).toBeInTheDocument()
  expect(calls.map((c) => c.body)).toEqual([{ old: 'wrong', new: 'snow on the new roof' }])
  expect(screen.getByLabelText('New password')).toHaveValue('')
})

test('log-ins are told in plain words, and ended one by one or all others', async () => {
  const at = { created_at: '2026-11-20T10:00:00Z', expires_at: '2026-11-27T10:00:00Z', address: '192.0.2.7' }
  const firefox = 'Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0'
  const items = [
    { ...at, id: 'a', agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0 Safari/537.36', current: true },
    { ...at, id: 'b', agent: firefox, current: false },
  ]
  answer('get', '/auth/sessions', { items })
  const { user } = await open('logins')
  expect(rowOf(await screen.findByText('Chrome on Linux'))).toHaveTextContent('this one')
  const other = rowOf(screen.getByText('Firefox on Windows'))

  const ended = answer('delete', '/auth/sessions/b', null)
  answer('get', '/auth/sessions', { items: items.slice(0, 1) })
  await user.click(within(other).getByRole('button', { name: 'Log out' }))
  await user.click(within(await screen.findByRole('tooltip')).getByRole('button', { name: 'Log out' }))
  await vi.waitFor(() => expect(ended).toHaveLength(1))
  await vi.waitFor(() => expect(screen.queryByText('Firefox on Windows')).not.toBeInTheDocument())

  const all = answer('post', '/auth/logout-everywhere', null)
  await user.click(screen.getByRole('button', { name: 'Log out everywhere else' }))
  const sure = await screen.findByText('Log out on all other devices?')
  await user.click(
    within(sure.closest<HTMLElement>('[role=tooltip]')!).getByRole('button', { name: 'Log out' }),
  )
  await vi.waitFor(() => expect(all.map((c) => c.body)).toEqual([{ keep_this: true }]))
})

test('an API token is shown once, with a call that works', async () => {
  answer('get', '/tokens/api', { items: [] })
  const { user } = await open('api-tokens')
  await user.click(await screen.findByRole('button', { name: 'Create an API token' }))
  const dialog = await screen.findByRole('dialog')
  await user.type(within(dialog).getByLabelText('What for'), 'backup')
  await user.click(within(dialog).getByRole('radio', { name: /^Read and change/ }))

  answer('post', '/tokens/api', { code: 'limit_reached', message: 'No.' }, 409)
  await user.click(within(dialog).getByRole('button', { name: 'Create token' }))
  expect(await within(dialog).findByText("The account's limit is reached")).toBeInTheDocument()

  const made = { id: 'k', name: 'backup', scope: 'manage', created_at: '2026-11-22T10:00:00Z' }
  const calls = answer('post', '/tokens/api', { ...made, token: 'cva_secret' }, 201)
  answer('get', '/tokens/api', { items: [made] })
  await user.type(within(dialog).getByLabelText('What for'), '{Enter}')
  expect(await within(dialog).findByDisplayValue('cva_secret')).toBeInTheDocument()
  expect(calls).toHaveLength(1)
  expect(calls[0]!.body).toMatchObject({
    name: 'backup',
    scope: 'manage',
    expires_at: expect.any(String) as string,
  })
  expect(dialog).toHaveTextContent(
    "curl -H 'Authorization: Bearer cva_secret' https://example.com/api/v1/endpoints",
  )
  await user.click(within(dialog).getByRole('button', { name: 'I have copied it' }))
  await vi.waitFor(() => expect(screen.queryByDisplayValue('cva_secret')).not.toBeInTheDocument())
  expect(rowOf(await screen.findByText('backup'))).toHaveTextContent('read and change')
})

test('a client token for one client comes with what to type, and is revoked', async () => {
  answer('get', '/tokens/client', { items: [] })
  const { user } = await open('client-tokens')
  await user.click(await screen.findByRole('button', { name: 'Create a client token' }))
  const dialog = await screen.findByRole('dialog')
  await user.type(within(dialog).getByLabelText('Only for the client'), '-pi')
  await user.click(within(dialog).getByRole('button', { name: 'Create token' }))
  expect(await within(dialog).findByText(/no hyphen first/)).toBeInTheDocument()

  const made = { id: 'k', name: '', client: 'pi', created_at: '2026-11-22T10:00:00Z' }
  answer('post', '/tokens/client', { ...made, token: 'cvt_secret' }, 201)
  answer('get', '/tokens/client', { items: [made] })
  await user.clear(within(dialog).getByLabelText('Only for the client'))
  await user.type(within(dialog).getByLabelText('Only for the client'), 'pi{Enter}')
  expect(await within(dialog).findByDisplayValue('cvt_secret')).toBeInTheDocument()
  expect(dialog).toHaveTextContent('tunnelclient list --server https://example.com --client pi')
  await user.click(within(dialog).getByRole('button', { name: 'I have copied it' }))

  const revoked = answer('delete', '/tokens/client/k', null)
  answer('get', '/tokens/client', { items: [] })
  await user.click(await screen.findByRole('button', { name: 'Revoke pi' }))
  await user.click(await screen.findByRole('button', { name: 'Revoke' }))
  await vi.waitFor(() => expect(revoked).toHaveLength(1))
  expect(await screen.findByText('You have no client tokens')).toBeInTheDocument()
})

test('an account is deleted with its password, and nobody is logged in then', async () => {
  const { user, router } = await open('delete')
  const calls = answer('post', '/auth/delete', null)
  await user.type(await screen.findByLabelText('Your password, to confirm'), 'rain on the old roof')
  answer('get', '/site', { logged_in: false })
  await user.click(screen.getByRole('button', { name: 'Delete my account' }))
  await vi.waitFor(() => expect(router.state.location.pathname).toBe('/login'))
  expect(router.state.location.state).toEqual({ note: 'deleted' })
  expect(calls.map((c) => c.body)).toEqual([{ password: 'rain on the old roof' }])
})

test('it is in Chinese too', async () => {
  answer('get', '/usage', usage)
  await open('', 'zh-CN')
  expect(await screen.findByRole('heading', { level: 1, name: '\u8d26\u6237' })).toBeInTheDocument()
  expect(
    await screen.findByRole('progressbar', { name: '2026\u5e7411\u6708\u6d41\u91cf' }),
  ).toBeInTheDocument()
})
