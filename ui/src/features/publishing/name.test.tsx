// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'

import { port, publication } from '@/test/example-publication'
import { answer } from '@/test/server'
import { show } from '@/test/render'

import { Component } from './name'
import { Component as Any } from './name-any'

const path = '/publishing/names/:name/:tab?'
const requests = { path, at: '/publishing/names/web-alice/requests' }
const access = { path, at: '/publishing/names/web-alice/access' }
const request = {
  id: 1,
  time: '2026-11-22T08:00:00Z',
  method: 'GET',
  path: '/',
  status: 200,
  open: false,
  seconds: 0.0124,
  bytes_out: 2000,
  address: '203.0.113.7',
}

describe('the requests', () => {
  it('come and go, are filtered, and stand still when asked to', async () => {
    answer('get', '/published', { items: [publication] })
    answer('get', '/published/web-alice/requests', {
      items: [
        { ...request, status: undefined, id: 3, path: '/slow', open: true, seconds: 75, visitor: 'bob' },
        { ...request, id: 2, path: '/missing', status: 404, seconds: 2.5 },
        request,
      ],
    })
    const { user, client } = await show(<Component />, requests)
    const row = (text: string) => within(screen.getByText(text).closest('tr')!)
    await screen.findByText('/slow')
    expect(row('/slow').getByText('open')).toBeVisible()
    expect(row('/slow').getByText('1:15 so far')).toBeVisible()
    expect(row('/slow').getByText('bob')).toBeVisible()
    expect(row('/missing').getByText('404')).toBeVisible()
    expect(row('/missing').getByText('2.5 sec')).toBeVisible()
    expect(row('/').getByText('12 ms')).toBeVisible()
    expect(row('/').getByText('2 kB')).toBeVisible()

    await user.type(screen.getByRole('searchbox', { name: 'Search path, address, visitor' }), 'BOB')
    expect(screen.queryByText('/missing')).toBeNull()
    expect(screen.getByText('/slow')).toBeVisible()
    await user.clear(screen.getByRole('searchbox'))

    answer('get', '/published/web-alice/requests', { items: [{ ...request, id: 4, path: '/polled' }] })
    expect(await screen.findByText('/polled', undefined, { timeout: 20_000 })).toBeVisible()
    expect(screen.queryByText('/slow')).toBeNull()

    await user.click(screen.getByRole('button', { name: 'Pause' }))
    await waitFor(() =>
      expect(client.isFetching({ queryKey: ['get', '/published/{name}/requests'] })).toBe(0),
    )
    const more = answer('get', '/published/web-alice/requests', {
      items: [{ ...request, id: 5, path: '/later' }],
    })
    await act(() => new Promise((done) => setTimeout(done, 2500)))
    expect(more).toHaveLength(0)
    await user.click(screen.getByRole('button', { name: 'Go on' }))
    expect(await screen.findByText('/later', undefined, { timeout: 20_000 })).toBeVisible()
  })

  it('can be none', async () => {
    answer('get', '/published', { items: [publication] })
    answer('get', '/published/web-alice/requests', { items: [] })
    await show(<Component />, requests)
    expect(await screen.findByText('No requests yet')).toBeVisible()
  })
})

describe('who may come', () => {
  it('is by a password, which is asked for once', async () => {
    answer('get', '/published', { items: [publication] })
    const calls = answer('put', '/published/web-alice/access', null)
    const { user } = await show(<Component />, access)
    await user.click(await screen.findByRole('radio', { name: /Who knows a password/ }))
    expect(screen.getByText(/cuts the requests to this name/)).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByText('Choose a password.')).toBeVisible()
    await user.type(screen.getByLabelText('Password for visitors'), 'short')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByText('At least 8 characters.')).toBeVisible()
    expect(calls).toHaveLength(0)
    await user.type(screen.getByLabelText('Password for visitors'), ' no more')
    await user.type(screen.getByLabelText('Only these addresses'), '192.0.2.7{Enter}2001:db8::/32')
    const set = { ...publication.access, mode: 'password', has_password: true, allow: ['192.0.2.7/32'] }
    answer('get', '/published', { items: [{ ...publication, access: set }] })
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByText('Saved: who may come to web-alice')).toBeVisible()
    expect(calls[0]!.body).toEqual({
      mode: 'password',
      password: 'short no more',
      allow: ['192.0.2.7', '2001:db8::/32'],
      deny: [],
    })
    expect(await screen.findByText('A password is set. Leave this empty to keep it.')).toBeVisible()
    expect(screen.getByLabelText('Password for visitors')).toHaveValue('')
    expect(screen.getByLabelText('Only these addresses')).toHaveValue('192.0.2.7')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(calls).toHaveLength(2))
    expect(calls[1]!.body).toEqual({ mode: 'password', allow: ['192.0.2.7'], deny: [] })
  })

  it('is by a log-in, of accounts that there are', async () => {
    answer('get', '/published', { items: [publication] })
    const details = { visitors: 'has a name of no account here' }
    const calls = answer('put', '/published/web-alice/access', { code: 'invalid', message: '', details }, 422)
    const { user } = await show(<Component />, access)
    await user.click(await screen.findByRole('radio', { name: /Who is logged in/ }))
    await user.type(screen.getByRole('combobox', { name: /Accounts that may come/ }), 'bob,nobody,')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByText(/has a name of no account here/)).toBeVisible()
    expect(calls[0]!.body).toEqual({ mode: 'login', visitors: ['bob', 'nobody'], allow: [], deny: [] })
  })

  it('is limited by addresses, and says which is none', async () => {
    answer('get', '/published', { items: [publication] })
    const details = { 'body.deny': 'is neither an address nor a prefix' }
    const calls = answer('put', '/published/web-alice/access', { code: 'invalid', message: '', details }, 422)
    const { user } = await show(<Component />, access)
    const deny = await screen.findByLabelText('Not these addresses')
    await user.type(deny, '192.0.2.0/24 example.com')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByText(/example.com is no address and no network/)).toBeVisible()
    expect(calls).toHaveLength(0)
    await user.clear(deny)
    await user.type(deny, '192.0.2.0/99')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByText(/is neither an address nor a prefix/)).toBeVisible()
    expect(calls).toHaveLength(1)
  })

  it('shows what others change, but not over what is being typed', async () => {
    answer('get', '/published', { items: [publication] })
    const { user, client } = await show(<Component />, access)
    const changed = { ...publication.access, allow: ['198.51.100.0/24'] }
    await screen.findByLabelText('Only these addresses')
    answer('get', '/published', { items: [{ ...publication, access: changed }] })
    await act(() => client.invalidateQueries())
    await waitFor(() => expect(screen.getByLabelText('Only these addresses')).toHaveValue('198.51.100.0/24'))
    await user.type(screen.getByLabelText('Only these addresses'), ' 192.0.2.1')
    answer('get', '/published', { items: [publication] })
    await act(() => client.invalidateQueries())
    expect(screen.queryByText('addresses limited')).toBeNull()
    expect(screen.getByLabelText('Only these addresses')).toHaveValue('198.51.100.0/24 192.0.2.1')
    await user.click(screen.getByRole('button', { name: 'Cancel' }))
    expect(screen.getByLabelText('Only these addresses')).toHaveValue('')
  })

  it('is for ports a matter of addresses alone', async () => {
    answer('get', '/published', { items: [port] })
    const calls = answer('put', '/published/:name/access', null)
    const { user } = await show(<Component />, { path, at: '/publishing/names/tcp%3A20022/access' })
    await user.type(await screen.findByLabelText('Not these addresses'), '192.0.2.7')
    expect(screen.queryByRole('radio')).toBeNull()
    expect(screen.queryByRole('tab', { name: 'Requests' })).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByText('Saved: who may come to tcp:20022')).toBeVisible()
    expect(calls[0]!.url.pathname).toBe('/api/v1/published/tcp%3A20022/access')
    expect(calls[0]!.body).toEqual({ mode: 'open', allow: [], deny: ['192.0.2.7'] })
  })
})

it('says that there is no such name, also if only its parts are found', async () => {
  answer('get', '/published', { items: [{ ...publication, name: 'my-web-alice' }] })
  await show(<Component />, requests)
  expect(await screen.findByText('There is nothing here')).toBeVisible()
})

it('shows of several services that want a name the one that has it', async () => {
  const refused = { ...publication, status: 'refused', code: 'name_taken', service: 'second' }
  answer('get', '/published', { items: [refused, publication] })
  await show(<Component />, access)
  expect(await screen.findByText('/web')).toBeVisible()
  expect(screen.queryByText('refused')).toBeNull()
})

it('is for administrators with its owner, whose name it changes', async () => {
  answer('get', '/admin/published', { items: [{ ...publication, owner_id: 4, owner: 'bob' }, publication] })
  answer('get', '/admin/published/3/web-alice/requests', { items: [request] })
  const calls = answer('put', '/admin/published/3/web-alice/access', null)
  const { user } = await show(<Any />, {
    path: '/admin/publishing/:owner/:name/:tab?',
    at: '/admin/publishing/3/web-alice/requests',
  })
  expect(await screen.findByText('203.0.113.7')).toBeVisible()
  expect(screen.getByText('alice')).toBeVisible()
  await user.click(screen.getByRole('tab', { name: 'Who may come' }))
  await user.click(await screen.findByRole('button', { name: 'Save' }))
  await waitFor(() => expect(calls).toHaveLength(1))
})
