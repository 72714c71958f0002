// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'

import { port, publication } from '@/test/example-publication'
import { answer } from '@/test/server'
import { show } from '@/test/render'

import { Component } from './publishing'
import { refusalKey } from './refusals'

afterEach(() => vi.stubGlobal('isSecureContext', undefined)) // as in jsdom

const at = { path: '/publishing/:tab?', at: '/publishing' }
const nowhere = { ...publication, url: undefined }

it('lists names and ports, where they are, who may come, and why some are refused', async () => {
  const access = { ...publication.access, mode: 'password', has_password: true, deny: ['192.0.2.0/24'] }
  answer('get', '/published', {
    items: [
      { ...publication, access },
      port,
      { ...nowhere, service: 'twice', status: 'refused', code: 'name_taken', error: 'nas has it' },
      { ...nowhere, name: 'x-alice', status: 'refused', code: 'invalid_message', error: 'it is too long' },
      { ...nowhere, name: 'y-alice', status: 'refused', code: 'what_is_new', error: 'for another reason' },
      { ...nowhere, name: 'old-alice', status: 'unused', client: undefined, service: undefined },
    ],
  })
  await show(<Component />, at)
  const link = await screen.findByRole('link', { name: 'https://web-alice.apps.example.com' })
  expect(link).toHaveAttribute('href', publication.url)
  expect(link).toHaveAttribute('rel', 'noreferrer')
  expect(screen.getByText('gateway.example.com:20022')).toBeVisible()
  expect(screen.getByText('with a password')).toBeVisible()
  expect(screen.getByText('addresses limited')).toBeVisible()
  expect(screen.getAllByText('1,234').length).toBeGreaterThan(0)
  expect(screen.getByText(/Choose another one in the client's configuration/)).toBeVisible()
  expect(screen.getByText('The gateway cannot publish this: it is too long')).toBeVisible()
  expect(screen.getByText('for another reason')).toBeVisible()
  expect(screen.getByText('unused')).toBeVisible()
  const table = within(screen.getByRole('table', { name: 'Names and ports' }))
  expect(table.getAllByRole('link', { name: 'nas' })[0]).toHaveAttribute('href', '/tunnels/clients/nas')
  expect(table.getByRole('link', { name: 'Change who may come to tcp:20022' })).toHaveAttribute(
    'href',
    '/publishing/names/tcp%3A20022/access',
  )
  expect(table.queryByRole('link', { name: 'Requests to tcp:20022' })).toBeNull()
  expect(table.getAllByRole('link', { name: 'Requests to web-alice' })).toHaveLength(1)
  expect(table.getAllByRole('link', { name: 'Change who may come to web-alice' })).toHaveLength(1)
})

it('copies an address without what programs do not take', async () => {
  answer('get', '/published', { items: [port] })
  vi.stubGlobal('isSecureContext', true)
  const { user } = await show(<Component />, at)
  await user.click(await screen.findByRole('button', { name: 'Copy Address of tcp:20022' }))
  expect(await navigator.clipboard.readText()).toBe('gateway.example.com:20022')
})

it('says how to begin, in the language of the interface', async () => {
  answer('get', '/published', { items: [] })
  await show(<Component />, { ...at, language: 'zh-CN' })
  expect(await screen.findByText('还没有发布任何服务')).toBeVisible()
  expect(screen.getByText('tunnelclient http 8080')).toBeVisible()
  expect(screen.getByText('tunnelclient tcp 22')).toBeVisible()
  expect(screen.getByRole('link', { name: '发布的工作方式' })).toHaveAttribute('href', '/docs/publishing')
})

it('searches, and says if nothing is found', async () => {
  const calls = answer('get', '/published', { items: [publication] })
  const { user, router } = await show(<Component />, at)
  await user.type(await screen.findByRole('searchbox'), 'nas')
  await waitFor(() => expect(calls.at(-1)!.url.searchParams.get('search')).toBe('nas'))
  expect(router.state.location.search).toBe('?search=nas')
  answer('get', '/published', { items: [] })
  await user.type(screen.getByRole('searchbox'), 'x')
  expect(await screen.findByText('Nothing that is published has this in it.')).toBeVisible()
})

it('knows no other tabs', async () => {
  await show(<Component />, { ...at, at: '/publishing/toString' })
  expect(await screen.findByText('There is nothing here')).toBeVisible()
})

it.each([
  ['name_taken', 'name_taken'],
  ['invalid_message', 'invalid'],
  ['toString', 'other'],
  [undefined, 'other'],
])('finds the text of %s', (code, key) => expect(refusalKey(code)).toBe(key))
