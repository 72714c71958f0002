// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { act, screen } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'

import { LiveProvider } from '@/live/context'
import { answer } from '@/test/server'
import { show } from '@/test/render'

import { Component } from './add'

/** The stream of events, as far as the page uses it. */
class Events extends EventTarget {
  static last: Events
  static CLOSED = 2
  readyState = 1
  onopen?: () => void
  constructor() {
    super()
    Events.last = this
  }
  close() {
    this.readyState = 2
  }
}

beforeEach(() => {
  vi.stubGlobal('EventSource', Events)
  vi.stubGlobal('navigator', {
    ...navigator,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
    locks: { request: (_: string, __: object, lead: () => Promise<void>) => lead() },
  })
})

const wizard = (
  <LiveProvider user={1}>
    <Component />
  </LiveProvider>
)
const site = { url: 'https://example.com', websocket_url: 'wss://example.com' }

it('leads to a client that is online, which it hears from the stream', async () => {
  answer('get', '/site', site)
  answer('get', '/clients', { items: [] })
  const { user } = await show(wizard)
  expect(await screen.findByRole('radio', { name: /Linux on Intel/ })).toBeChecked()
  await user.click(screen.getByRole('button', { name: 'Next' }))
  await user.type(screen.getByLabelText('Name of the client'), '-bad')
  await user.click(screen.getByRole('button', { name: 'Next' }))
  expect(await screen.findAllByText(/no hyphen first/)).not.toHaveLength(0)
  await user.clear(screen.getByLabelText('Name of the client'))
  await user.type(screen.getByLabelText('Name of the client'), 'nas')
  await user.click(screen.getByRole('checkbox', { name: 'It offers a service' }))
  await user.click(screen.getByRole('button', { name: 'Next' }))

  expect(await screen.findByText('tunnelclient login https://example.com --client nas')).toBeVisible()
  expect(screen.getByText(/"localPort": 8080/)).toBeVisible()
  expect(screen.getByText('Waiting for nas')).toBeVisible()

  answer('get', '/clients', { items: [{ name: 'nas', status: 'online' }] })
  const change = { kind: 'client_online', subject: 'nas', time: new Date().toISOString() }
  act(() => {
    Events.last.dispatchEvent(new MessageEvent('change', { data: JSON.stringify(change) }))
  })
  expect(await screen.findByText('nas is online')).toBeVisible()
  expect(screen.getByText('tunnelclient connect --target nas --service web --local 3000')).toBeVisible()
})

it('makes a token for this client alone, and shows it once', async () => {
  answer('get', '/site', site)
  answer('get', '/clients', { items: [] })
  const made = answer('post', '/tokens/client', { token: 'cvt_secret' }, 201)
  const { user } = await show(wizard)
  await user.click(await screen.findByRole('button', { name: 'Next' }))
  await user.type(screen.getByLabelText('Name of the client'), 'nas')
  await user.click(screen.getByRole('button', { name: 'Next' }))
  await user.click(await screen.findByRole('radio', { name: /With a token made here/ }))
  await user.click(screen.getByRole('button', { name: 'Make a token for nas' }))
  expect(await screen.findByDisplayValue('cvt_secret')).toBeVisible()
  expect(made[0]!.body).toEqual({ client: 'nas', name: 'nas' })
  expect(screen.getByText(/"tokenFile": "token"/)).toBeVisible()
})
