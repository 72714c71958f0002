// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { fireEvent, screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'

import { show } from '@/test/render'
import { answer } from '@/test/server'

import { Navigation } from './navigation'

const me = (admin: boolean) => ({ user: { id: 1, name: 'alice', admin }, scope: 'full', usage: {} })

test('the keyboard goes through the menu, and to what it chooses', async () => {
  answer('get', '/auth/me', me(false))
  const { router } = await show(<Navigation />, { at: '/endpoints' })
  const item = await screen.findByRole('menuitem', { name: /Tunnels/ })
  fireEvent.keyDown(item, { key: 'Enter', keyCode: 13 })
  await vi.waitFor(() => expect(router.state.location.pathname).toBe('/tunnels'))
})

test('administration is for administrators, feedback where there is a place for it', async () => {
  answer('get', '/auth/me', me(true))
  answer('get', '/site', { logged_in: true, feedback_link: 'https://example.com/talk' })
  await show(<Navigation />, { at: '/admin/users' })
  expect(await screen.findByRole('link', { name: 'Users' })).toHaveAttribute('href', '/admin/users')
  const feedback = await screen.findByRole('link', { name: 'Feedback' })
  expect(feedback).toHaveAttribute('href', 'https://example.com/talk')
})
