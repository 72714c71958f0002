// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'

import { answer } from '@/test/server'
import { show } from '@/test/render'

import { BlocksScreen } from './blocks'

const block = {
  id: 4,
  prefix: '192.0.2.0/24',
  note: 'scanner',
  created_by: 1,
  created_at: '2026-11-22T10:00:00Z',
}

it('blocks an address, but not the own one', async () => {
  answer('get', '/admin/blocks', { items: [] })
  const details = { 'body.prefix': 'holds the address that you come from' }
  const calls = answer('post', '/admin/blocks', { code: 'invalid', message: '', details }, 422)
  const { user } = await show(<BlocksScreen />)
  await user.click(await screen.findByRole('button', { name: /Block an address/ }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.click(dialog.getByRole('button', { name: 'Block' }))
  expect(await dialog.findByText('Enter an address.')).toBeVisible()
  await user.type(dialog.getByLabelText('Address or network'), '127.0.0.1')
  await user.click(dialog.getByRole('button', { name: 'Block' }))
  expect(await dialog.findByText(/you would lock yourself out/)).toBeVisible()
  expect(calls).toHaveLength(1)
})

it('lifts a block, and takes that back', async () => {
  answer('get', '/admin/blocks', { items: [block] })
  const calls = answer('delete', '/admin/blocks/4', null)
  const { user } = await show(<BlocksScreen />)
  await user.click(await screen.findByRole('button', { name: 'Lift the block of 192.0.2.0/24' }))
  expect(screen.queryByText('192.0.2.0/24')).not.toBeInTheDocument()
  await user.click(await screen.findByRole('button', { name: 'Undo' }))
  expect(await screen.findByText('192.0.2.0/24')).toBeVisible()
  expect(calls).toHaveLength(0)
})
