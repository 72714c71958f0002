// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'

import { answer } from '@/test/server'
import { show } from '@/test/render'

import { GrantsTab } from './grants-tab'

const nas = {
  name: 'nas',
  services: [{ id: 'web', protocol: 'http' }],
}
const given = {
  id: 7,
  owner: 'alice',
  grantee: 'bob',
  client: 'nas',
  service: 'web',
  created_at: '2026-11-22T08:00:00Z',
  given: true,
}

it('shares a service, and puts what is wrong on its field', async () => {
  answer('get', '/grants', { items: [] })
  answer('get', '/clients', { items: [nas] })
  const refused = answer(
    'post',
    '/grants',
    { code: 'invalid', message: '', details: { grantee: 'is no user here' } },
    422,
  )
  const { user } = await show(<GrantsTab />)
  await user.click(await screen.findByText('Share a service'))
  const dialog = within(await screen.findByRole('dialog'))
  await user.click(dialog.getByText('Share'))
  await waitFor(() => expect(dialog.getAllByText('Fill this in.')).toHaveLength(3))
  expect(refused).toHaveLength(0)

  fireEvent.change(dialog.getByLabelText('With (user name)'), { target: { value: 'nobody' } })
  fireEvent.change(dialog.getByLabelText('Client'), { target: { value: 'nas' } })
  fireEvent.change(dialog.getByLabelText('Service'), { target: { value: 'web' } })
  await user.click(dialog.getByText('Share'))
  expect(await dialog.findByText(/is no user here/)).toBeVisible()
  expect(refused[0]!.body).toEqual({ grantee: 'nobody', client: 'nas', service: 'web' })

  answer('post', '/grants', given, 201)
  answer('get', '/grants', { items: [given] })
  await user.click(dialog.getByText('Share'))
  await screen.findByText('bob')
  expect(within(screen.getByRole('table', { name: 'Shared by you' })).getByText('bob')).toBeVisible()
})

it('withdraws after a question', async () => {
  answer('get', '/grants', { items: [given, { ...given, id: 8, owner: 'carol', given: false }] })
  const calls = answer('delete', '/grants/7', null)
  const { user } = await show(<GrantsTab />)
  await screen.findByText('carol/nas')
  const received = within(screen.getByRole('table', { name: 'Shared with you' }))
  expect(received.queryByRole('button')).toBeNull()
  await user.click(screen.getByRole('button', { name: 'Withdraw nas/web from bob' }))
  expect(calls).toHaveLength(0)
  await screen.findByText('The sessions that it allowed end at once.')
  await user.click(screen.getAllByText('Withdraw').at(-1)!)
  await expect.poll(() => calls.length).toBe(1)
})
