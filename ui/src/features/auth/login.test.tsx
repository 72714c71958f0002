// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { expect, test, vi } from 'vitest'

import { show } from '@/test/render'
import { answer, server } from '@/test/server'

import { Component as Login } from './login'

const site = { setup: false, registration: true, terms: false, logged_in: false, url: 'https://example.com' }
const me = { user: { id: 1, name: 'alice', admin: false }, scope: 'full', usage: {} }

async function begin(at = '/login', of: object = site) {
  answer('get', '/site', of)
  const view = await show(<Login />, { path: '/login', at })
  await screen.findByLabelText('Name or e-mail address')
  const fill = async (name: string, password: string) => {
    await view.user.type(screen.getByLabelText('Name or e-mail address'), name)
    await view.user.type(screen.getByLabelText('Password'), `${password}{Enter}`)
  }
  return { ...view, fill }
}

test('a log-in asks for a cookie, and leads to what was asked for', async () => {
  const { fill, router } = await begin(`/login?next=${encodeURIComponent('/endpoints/x?tab=log')}`)
  expect(screen.getByLabelText('Name or e-mail address')).toHaveFocus()
  const calls = answer('post', '/auth/login', { expires_at: '', user: me.user })
  answer('get', '/site', { ...site, logged_in: true })
  answer('get', '/auth/me', me)
  await fill(' alice ', 'secret words')
  await vi.waitFor(() => expect(router.state.location.pathname).toBe('/endpoints/x'))
  expect(calls.map((c) => c.body)).toEqual([{ login: 'alice', password: 'secret words', cookie: true }])
})

test('who is logged in is led on, and not out of the site', async () => {
  answer('get', '/auth/me', me)
  const { router } = await show(<Login />, { path: '/login', at: '/login?next=//evil.example' })
  await vi.waitFor(() => expect(router.state.location.pathname).toBe('/endpoints'))
})

test('a wrong password is said at its field, which has the focus', async () => {
  const { fill } = await begin()
  answer('post', '/auth/login', { code: 'login_failed', message: 'Wrong.' }, 401)
  await fill('alice', 'wrong')
  const password = screen.getByLabelText('Password')
  await screen.findByText(/^Name or password is wrong\./)
  expect(password).toHaveFocus()
  expect(password).toHaveAccessibleDescription(/Name or password is wrong/)
  expect(password).toHaveValue('wrong')
})

test('who tries too often is told for how long to wait', async () => {
  const { fill } = await begin()
  server.use(
    http.post('*/api/v1/auth/login', () =>
      HttpResponse.json(
        { code: 'rate_limited', message: 'Wait.' },
        { status: 429, headers: { 'Retry-After': '42' } },
      ),
    ),
  )
  await fill('alice', 'wrong')
  expect(await screen.findByRole('alert')).toHaveTextContent('Too many requests')
  expect(screen.getByRole('alert')).toHaveTextContent('Try again in 42 seconds.')
})

test('a form that is being sent is not sent again', async () => {
  const { fill, user } = await begin()
  let calls = 0
  let finish: () => void = () => undefined
  server.use(
    http.post('*/api/v1/auth/login', async () => {
      calls++
      await new Promise<void>((done) => (finish = done))
      return HttpResponse.json({ code: 'disabled', message: 'No.' }, { status: 403 })
    }),
  )
  await fill('alice', 'secret')
  await vi.waitFor(() => expect(calls).toBe(1))
  await user.type(screen.getByLabelText('Password'), '{Enter}')
  await user.click(screen.getByRole('button', { name: /Log in/ }))
  finish()
  expect(await screen.findByText('This account is disabled')).toBeInTheDocument()
  expect(calls).toBe(1)
})

test('a new gateway says how to make the first administrator', async () => {
  await begin('/login', { ...site, setup: true })
  expect(await screen.findByText('culvert admin link')).toBeInTheDocument()
})

test('where registration is closed nobody is sent to it', async () => {
  await begin('/login', { ...site, registration: false })
  expect(screen.queryByRole('link', { name: 'Create an account' })).not.toBeInTheDocument()
})

test('it is in Chinese too', async () => {
  answer('get', '/site', { ...site, setup: true })
  await show(<Login />, { path: '/login', at: '/login', language: 'zh-CN' })
  expect(await screen.findByRole('heading', { level: 1, name: '\u767b\u5f55' })).toBeInTheDocument()
  expect(document.title).toBe('\u767b\u5f55 \u00b7 Culvert')
})
