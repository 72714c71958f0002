// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'

import { fakeBrowser } from '@/live/fake'
import { answer } from '@/test/server'

/** What is logged in in another tab is told there on the channel of that name. */
const elsewhere = () => new BroadcastChannel('culvert.session')

const nobody = { code: 'unauthenticated', message: 'No.' }
const me = (name: string) => ({ user: { id: 1, name, admin: false }, scope: 'full', usage: {} })

/** openApp has the frame anew, as loading the page would, which makes its channel. */
async function openApp() {
  fakeBrowser()
  vi.stubGlobal('scrollTo', () => undefined) // jsdom has no view to scroll
  vi.resetModules()
  const [{ show }, { SignedIn }, { followSession }, { logOut }] = await Promise.all([
    import('@/test/render'),
    import('./signed-in'),
    import('./session'),
    import('./session'),
  ])
  const view = await show(<SignedIn />, { path: '/endpoints', at: '/endpoints?state=online' })
  followSession(view.client)
  return { ...view, logOut }
}

test('a log-out in another tab is one here', async () => {
  answer('get', '/auth/me', me('alice'))
  const { router } = await openApp()
  await screen.findByRole('button', { name: 'alice' })

  answer('get', '/auth/me', nobody, 401)
  elsewhere().postMessage('changed')
  await vi.waitFor(() => expect(router.state.location.pathname).toBe('/login'))
  expect(router.state.location.search).toBe(`?next=${encodeURIComponent('/endpoints?state=online')}`)
})

test('nothing that one person was shown is left for the next', async () => {
  answer('get', '/auth/me', me('alice'))
  const { client } = await openApp()
  await screen.findByRole('button', { name: 'alice' })
  client.setQueryData(['get', '/endpoints', {}], { items: ['hers'] })

  answer('get', '/auth/me', me('bob'))
  elsewhere().postMessage('changed')
  await screen.findByRole('button', { name: 'bob' })
  expect(client.getQueryData(['get', '/endpoints', {}])).toBeUndefined()
})

test('a log-out is told to the other tabs, and is one if the gateway knew of no log-in', async () => {
  answer('get', '/auth/me', me('alice'))
  const { client, logOut, router } = await openApp()
  await screen.findByRole('button', { name: 'alice' })
  const heard = vi.fn()
  elsewhere().onmessage = heard

  answer('post', '/auth/logout', nobody, 401)
  answer('get', '/auth/me', nobody, 401)
  await logOut(client)
  expect(heard).toHaveBeenCalledOnce()
  await vi.waitFor(() => expect(router.state.location.pathname).toBe('/login'))
})

test('a gateway that is away is said, not taken for a log-out', async () => {
  answer('get', '/auth/me', { code: 'gateway_not_ready', message: 'Wait.' }, 503)
  const { user } = await openApp()
  expect(await screen.findByRole('alert')).toHaveTextContent('The gateway is starting')
  answer('get', '/auth/me', me('alice'))
  await user.click(screen.getByRole('button', { name: 'Try again' }))
  await screen.findByRole('button', { name: 'alice' })
})
