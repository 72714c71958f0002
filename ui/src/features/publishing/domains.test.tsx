// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'

import { answer } from '@/test/server'
import { show } from '@/test/render'

import { domainOf } from './hosts'
import { DomainsTab } from './domains-tab'

const proof = { prefix: '_culvert', type: 'TXT', value: 'culvert-account=abc' }
const domain = {
  name: 'www.example.org',
  owner_id: 3,
  owner: 'alice',
  proof: 'dns',
  created_at: '2026-11-22T08:00:00Z',
}

it.each([
  ['www.example.org', 'www.example.org'],
  [' https://WWW.Example.org/shop?x=1 ', 'www.example.org'],
  ['example.org.', 'example.org'],
  ['b\u00fccher.example', 'xn--bcher-kva.example'],
  ['localhost', ''],
  ['', ''],
  ['two words.org', ''],
])('reads %j as %s', (text, name) => expect(domainOf(text)).toBe(name))

it('shows the record, says what was found instead, and how to go on', async () => {
  answer('get', '/domains', { items: [] })
  answer('get', '/domains/proof', proof)
  answer('get', '/site', { url: 'https://gateway.example.com' })
  const details = { record: '_culvert.www.example.org', value: proof.value, found: 'there is none' }
  const refused = answer('post', '/domains', { code: 'not_proven', message: '', details }, 422)
  const { user } = await show(<DomainsTab />)
  await user.click(await screen.findByText('Add a domain'))
  const dialog = within(await screen.findByRole('dialog'))
  await waitFor(() => expect(dialog.getByLabelText('Domain')).toHaveFocus())
  await user.click(dialog.getByText('Check'))
  expect(await dialog.findByText('Enter a domain such as www.example.org.')).toBeVisible()
  await user.type(dialog.getByLabelText('Domain'), 'https://www.example.net/')
  expect(await dialog.findByText('_culvert.www.example.net')).toBeVisible()
  expect(dialog.getByText('TXT')).toBeVisible()
  expect(dialog.getByText('culvert-account=abc')).toBeVisible()
  expect(dialog.getAllByRole('button', { name: /^Copy / })).toHaveLength(3)
  await user.click(dialog.getByText('Check'))
  expect(await dialog.findByText('The record is not there yet')).toBeVisible()
  expect(dialog.getByText(/can take some minutes/)).toBeVisible()
  expect(refused[0]!.body).toEqual({ name: 'www.example.net' })

  answer(
    'post',
    '/domains',
    { code: 'not_proven', message: '', details: { found: 'DNS did not answer' } },
    422,
  )
  await user.click(dialog.getByText('Check'))
  expect(await dialog.findByText('DNS did not answer')).toBeVisible()
  expect(dialog.queryByText('The record is not there yet')).toBeNull()

  answer('post', '/domains', { ...domain, name: 'www.example.net' }, 201)
  answer('get', '/domains', { items: [{ ...domain, name: 'www.example.net' }] })
  await user.click(dialog.getByText('Check'))
  expect(await screen.findByText('www.example.net is yours')).toBeVisible()
  expect(screen.getByText('Close').closest('button')).toHaveFocus()
  expect(screen.getByText(/a CNAME record of www.example.net with gateway.example.com/)).toBeVisible()
  expect(screen.getByText('tunnelclient http 8080 --name www.example.net')).toBeVisible()
  expect(screen.getByText('publish: {host: www.example.net}')).toBeVisible()
  expect(await screen.findByText('DNS record')).toBeInTheDocument()
})

it('shows another failure as such', async () => {
  answer('get', '/domains', { items: [] })
  answer('get', '/domains/proof', proof)
  answer('post', '/domains', { code: 'limit_reached', message: '' }, 409)
  const { user } = await show(<DomainsTab />)
  await user.click(await screen.findByText('Add a domain'))
  const dialog = within(await screen.findByRole('dialog'))
  await user.type(dialog.getByLabelText('Domain'), 'www.example.org{Enter}')
  expect(await dialog.findByText("The account's limit is reached")).toBeVisible()
})

it('gives a domain up after a question', async () => {
  answer('get', '/domains', { items: [domain] })
  const calls = answer('delete', '/domains/www.example.org', null)
  const { user } = await show(<DomainsTab />)
  await user.click(await screen.findByRole('button', { name: 'Delete www.example.org' }))
  await screen.findByText(/its open requests are cut/)
  expect(calls).toHaveLength(0)
  await user.click(screen.getAllByText('Delete').at(-1)!)
  expect(await screen.findByText('www.example.org was deleted')).toBeVisible()
  expect(calls).toHaveLength(1)
})
