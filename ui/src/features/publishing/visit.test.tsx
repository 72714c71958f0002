// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { answer } from '@/test/server'
import { show } from '@/test/render'

import { Component } from './visit'

const real = location
const assign = vi.fn()
beforeEach(() => {
  assign.mockReset()
  vi.stubGlobal('location', { ...real, href: real.href, origin: real.origin, assign })
  answer('get', '/auth/me', { user: { id: 3, name: 'alice', admin: false } })
})
afterEach(() => vi.stubGlobal('location', real))

const at = '/visit#host=web-alice.apps.example.com%3A8443&state=abc&to=%2Fshop%3Fa%3D1%26b%3D2'
const url = 'https://web-alice.apps.example.com:8443/.well-known/culvert/enter?ticket=x&to=%2F'

it('asks, and goes where the gateway says', async () => {
  const calls = answer('post', '/visits', { url, expires_at: '2026-11-22T08:01:00Z' })
  const { user } = await show(<Component />, { at })
  expect(await screen.findByText('Continue to web-alice.apps.example.com:8443 as alice?')).toBeVisible()
  expect(screen.getByText(/gets to know the name of your account/)).toBeVisible()
  expect(assign).not.toHaveBeenCalled()
  await user.click(screen.getByRole('button', { name: 'Continue' }))
  await waitFor(() => expect(assign.mock.calls).toEqual([[url]]))
  expect(calls[0]!.body).toEqual({
    host: 'web-alice.apps.example.com:8443',
    state: 'abc',
    to: '/shop?a=1&b=2',
  })
})

it('goes nowhere if the answer is no', async () => {
  const calls = answer('post', '/visits', { url })
  const { user, router } = await show(<Component />, { at })
  await user.click(await screen.findByRole('button', { name: 'Cancel' }))
  await waitFor(() => expect(router.state.location.pathname).toBe('/'))
  expect(calls).toHaveLength(0)
  expect(assign).not.toHaveBeenCalled()
})

it.each([
  ['not_found', 404, 'This website does not ask for a log-in here'],
  ['forbidden', 403, 'This website is for other accounts'],
  ['rate_limited', 429, 'Too many requests'],
])('says why it cannot continue: %s', async (code, status, text) => {
  answer('post', '/visits', { code, message: '' }, status)
  const { user } = await show(<Component />, { at })
  await user.click(await screen.findByRole('button', { name: 'Continue' }))
  expect(await screen.findByRole('alert')).toHaveTextContent(text)
  expect(assign).not.toHaveBeenCalled()
})

it.each([
  '/visit',
  '/visit#',
  '/visit#host=x',
  '/visit#state=abc',
  '/visit#%E0%A4%A',
  '/visit#https://evil.example',
])('has nothing to continue to at %s', async (at) => {
  await show(<Component />, { at })
  expect(await screen.findByText('There is nothing to continue to')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Continue' })).toBeNull()
})
