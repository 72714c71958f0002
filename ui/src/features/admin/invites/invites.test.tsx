// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, within } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'

import { download } from '@/components/download'
import { answer } from '@/test/server'
import { show } from '@/test/render'

import { InvitesScreen } from './invites'

vi.mock('@/components/download')

const made = {
  note: 'friends',
  created_by: 1,
  created_at: '2026-11-22T10:00:00Z',
  expires_at: '2026-11-25T10:00:00Z',
}
const unused = { ...made, id: 1, state: 'unused' }
const used = { ...made, id: 2, state: 'used', used_by: 'bob', used_at: '2026-11-22T11:00:00Z' }

beforeEach(() => {
  answer('get', '/site', { url: 'https://example.com' })
})

it('creates invites, shows their links once and saves them as a table', async () => {
  answer('get', '/admin/invites', { items: [] })
  const calls = answer(
    'post',
    '/admin/invites',
    {
      items: [
        { ...unused, code: 'AAA' },
        { ...unused, id: 3, code: 'BBB' },
      ],
    },
    201,
  )
  const { user } = await show(<InvitesScreen />)
  expect(await screen.findByText('There are no invites yet')).toBeVisible()
  await user.click(screen.getByRole('button', { name: /Create invites/ }))
  const form = within(await screen.findByRole('dialog'))
  await user.clear(form.getByLabelText('How many'))
  await user.type(form.getByLabelText('How many'), '2')
  await user.type(form.getByLabelText('Note'), 'friends')
  await user.click(form.getByRole('button', { name: 'Create' }))

  const shown = within((await screen.findByText('2 invites created')).closest<HTMLElement>('.ant-modal')!)
  expect(shown.getByLabelText('Link 1')).toHaveValue('https://example.com/register#AAA')
  expect(shown.getByLabelText('Link 2')).toHaveValue('https://example.com/register#BBB')
  const { count, note, expires_at: expires } = calls[0]!.body as Record<string, string>
  expect({ count, note }).toEqual({ count: 2, note: 'friends' })
  expect(Date.parse(expires!) - Date.now()).toBeCloseTo(3 * 86_400_000, -5)

  await user.click(shown.getByRole('button', { name: /Download as CSV/ }))
  const [name, , text] = vi.mocked(download).mock.calls[0]!
  expect(name).toBe('culvert-invites.csv')
  expect(text).toContain(
    'link,code,note,expires_at\r\nhttps://example.com/register#AAA,AAA,friends,2026-11-25',
  )

  await user.click(shown.getByRole('button', { name: 'I have copied it' }))
  await vi.waitFor(() => expect(screen.queryByDisplayValue(/register#AAA/)).not.toBeInTheDocument())
})

it('lists them by state, which the address holds, and revokes after a question', async () => {
  const lists = answer('get', '/admin/invites', { items: [unused, used] })
  const revoked = answer('delete', '/admin/invites/1', null)
  const { user, router } = await show(<InvitesScreen />, { at: '/?state=unused' })
  const table = within(await screen.findByRole('table', { name: 'Invites' }))
  expect(lists[0]!.url.searchParams.get('state')).toBe('unused')
  expect(table.getByText('bob')).toBeVisible()
  await user.click(table.getByRole('button', { name: 'Revoke' }))
  expect(revoked).toHaveLength(0)
  await user.click(within(await screen.findByRole('tooltip')).getByRole('button', { name: 'Revoke' }))
  await vi.waitFor(() => expect(revoked).toHaveLength(1))

  await user.click(screen.getByRole('combobox', { name: 'Show' }))
  await user.click(await screen.findByTitle('expired'))
  expect(router.state.location.search).toBe('?state=expired')
  expect(lists.at(-1)!.url.searchParams.get('state')).toBe('expired')
})

it('exports all pages of the list', async () => {
  answer('get', '/admin/invites', { items: [unused, used] })
  const { user } = await show(<InvitesScreen />)
  await screen.findByRole('table')
  vi.mocked(download).mockClear()
  await user.click(screen.getByRole('button', { name: /Download as CSV/ }))
  await vi.waitFor(() => expect(download).toHaveBeenCalledOnce())
  expect(vi.mocked(download).mock.calls[0]![2]).toContain('2,used,friends,')
})
