// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'

import { show } from '@/test/render'
import { answer } from '@/test/server'

import { Component as Reset } from './reset'
import { Component as Setup } from './setup'

const site = { setup: true, registration: true, terms: false, logged_in: false, url: 'https://example.com' }
const root = { id: 1, name: 'root', admin: true }
const password = 'rain on the old roof'

test('the first administrator is made by a link, and logged in', async () => {
  answer('get', '/site', site)
  history.replaceState(null, '', '/setup#FIRST')
  const { user, router } = await show(<Setup />, { path: '/setup', at: '/setup#FIRST' })
  await user.type(await screen.findByLabelText('Name'), 'root')
  await user.type(screen.getByLabelText('E-mail address'), 'root@example.com')
  await user.type(screen.getByLabelText('Password'), password)
  expect(location.hash).toBe('')
  const made = answer('post', '/auth/setup', root, 201)
  answer('post', '/auth/login', { expires_at: '', user: root })
  answer('get', '/site', { ...site, setup: false, logged_in: true })
  answer('get', '/auth/me', { user: root, scope: 'full', usage: {} })
  await user.keyboard('{Enter}')
  await vi.waitFor(() => expect(router.state.location.pathname).toBe('/endpoints'))
  expect(made.map((c) => c.body)).toEqual([
    { code: 'FIRST', name: 'root', email: 'root@example.com', password },
  ])
})

test('without a link it says how to get one, and takes its code', async () => {
  answer('get', '/site', site)
  await show(<Setup />, { path: '/setup', at: '/setup' })
  expect(await screen.findByLabelText('Code, the end of the link')).toHaveFocus()
  expect(screen.getByText('culvert admin link')).toBeInTheDocument()
})

test('a gateway that is set up says so', async () => {
  answer('get', '/site', { ...site, setup: false })
  await show(<Setup />, { path: '/setup', at: '/setup#FIRST' })
  expect(await screen.findByText(/There is an administrator already/)).toBeInTheDocument()
})

test('a new password is set by a link, and leads to the log-in', async () => {
  const { user, router } = await show(<Reset />, { path: '/reset', at: '/reset#AGAIN' })
  const field = await screen.findByLabelText('New password')
  answer('get', '/site', { ...site, setup: false })
  answer('post', '/auth/reset', { code: 'link_invalid', message: 'No.' }, 422)
  await user.type(field, `${password}{Enter}`)
  expect(await screen.findByText('This link cannot be used')).toBeInTheDocument()

  const calls = answer('post', '/auth/reset', null)
  await user.type(field, '{Enter}')
  await vi.waitFor(() => expect(router.state.location.pathname).toBe('/login'))
  expect(router.state.location.state).toEqual({ note: 'reset' })
  expect(calls[0]!.body).toEqual({ code: 'AGAIN', password })
})
