// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen } from '@testing-library/react'
import { beforeEach, expect, test, vi } from 'vitest'

import { show } from '@/test/render'
import { answer } from '@/test/server'

import { Component as Register } from './register'

const site = { setup: false, registration: true, terms: false, logged_in: false, url: 'https://example.com' }
const user1 = { id: 1, name: 'alice', admin: false }
const me = { user: user1, scope: 'full', usage: {} }

beforeEach(() => history.replaceState(null, '', '/'))

async function begin(at: string, of: object = site) {
  answer('get', '/site', of)
  history.replaceState(null, '', at)
  const view = await show(<Register />, { path: '/register', at })
  await screen.findByRole('button', { name: 'Create account' })
  const fill = async (password = 'rain on the old roof') => {
    await view.user.type(screen.getByLabelText('Name'), 'alice')
    await view.user.type(screen.getByLabelText('E-mail address'), 'alice@example.com')
    await view.user.type(screen.getByLabelText('Password'), password)
  }
  const send = () => view.user.click(screen.getByRole('button', { name: 'Create account' }))
  return { ...view, fill, send }
}

test.each(['/register#CODE-1', '/register?code=CODE-1'])(
  'the code of %s is filled in, and gone from the address bar',
  async (at) => {
    await begin(at)
    expect(screen.getByLabelText('Invite code')).toHaveValue('CODE-1')
    expect(screen.getByLabelText('Name')).toHaveFocus()
    expect(location.href).toBe(`${location.origin}/register`)
  },
)

test('without a code the focus is where it goes', async () => {
  await begin('/register')
  expect(screen.getByLabelText('Invite code')).toHaveFocus()
})

test('who registers is logged in, and led on', async () => {
  const { fill, send, router } = await begin('/register?next=/tunnels/add#CODE')
  const registered = answer('post', '/auth/register', user1, 201)
  const loggedIn = answer('post', '/auth/login', { expires_at: '', user: user1 })
  answer('get', '/site', { ...site, logged_in: true })
  answer('get', '/auth/me', me)
  await fill()
  await send()
  await vi.waitFor(() => expect(router.state.location.pathname).toBe('/tunnels/add'))
  const password = 'rain on the old roof'
  expect(registered.map((c) => c.body)).toEqual([
    { code: 'CODE', name: 'alice', email: 'alice@example.com', password, accept_terms: false },
  ])
  expect(loggedIn.map((c) => c.body)).toEqual([{ login: 'alice', password, cookie: true }])
})

test('terms are shown, and have to be accepted', async () => {
  answer('get', '/auth/terms', { text: 'Be kind.\nBe brief.' })
  const { fill, send, user } = await begin('/register#CODE', { ...site, terms: true })
  const calls = answer('post', '/auth/register', { code: 'invite_invalid', message: 'No.' }, 422)
  expect(screen.getByText(/Be kind/).textContent).toBe('Be kind.\nBe brief.')
  await fill()
  await send()
  expect(await screen.findByText('An account needs this.')).toBeInTheDocument()
  expect(calls).toEqual([])
  await user.click(screen.getByRole('checkbox'))
  await send()
  await vi.waitFor(() => expect(calls).toHaveLength(1))
  expect(calls[0]!.body).toMatchObject({ accept_terms: true })
})

test('what the gateway finds wrong stands on its fields', async () => {
  const { fill, send } = await begin('/register#CODE')
  await fill()
  answer('post', '/auth/register', { code: 'invite_invalid', message: 'No.' }, 422)
  await send()
  expect(await screen.findByText(/^This invite cannot be used\./)).toBeInTheDocument()
  expect(screen.getByLabelText('Invite code')).toHaveFocus()

  answer('post', '/auth/register', { code: 'exists', message: 'No.', details: { field: 'name' } }, 409)
  await send()
  expect(await screen.findByText('This is taken already.')).toBeInTheDocument()
  expect(screen.getByLabelText('Name')).toHaveFocus()

  const details = { 'body.email': 'is not an e-mail address' }
  answer('post', '/auth/register', { code: 'invalid', message: 'No.', details }, 422)
  await send()
  expect(await screen.findByText('Not valid: is not an e-mail address')).toBeInTheDocument()
  expect(screen.getByLabelText('E-mail address')).toHaveFocus()

  answer('post', '/auth/register', { code: 'password_weak', message: 'No.' }, 422)
  await send()
  expect(await screen.findByText(/^The password is easy to guess\./)).toBeInTheDocument()
  expect(screen.getByLabelText('Password')).toHaveFocus()
})

test('a password that the gateway would refuse is not sent', async () => {
  const { fill, send } = await begin('/register#CODE')
  await fill('alice123')
  await send()
  expect(await screen.findByText('Not your name or e-mail address.')).toBeInTheDocument()
})

test('if only the log-in fails the account is not made again', async () => {
  const { fill, send, router } = await begin('/register#CODE')
  answer('post', '/auth/register', user1, 201)
  answer('post', '/auth/login', { code: 'cookie_needs_https', message: 'No.' }, 422)
  await fill()
  await send()
  await vi.waitFor(() => expect(router.state.location.pathname).toBe('/login'))
  expect(router.state.location.state).toEqual({ note: 'made' })
  expect(await screen.findByText('Logging in needs HTTPS')).toBeInTheDocument()
})

test('closed registration says so', async () => {
  answer('get', '/site', { ...site, registration: false })
  await show(<Register />, { path: '/register', at: '/register#CODE' })
  expect(await screen.findByText('Registration is closed')).toBeInTheDocument()
  expect(screen.queryByLabelText('Invite code')).not.toBeInTheDocument()
})
