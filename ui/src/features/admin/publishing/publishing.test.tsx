// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'

import { publication } from '@/test/example-publication'
import { answer } from '@/test/server'
import { show } from '@/test/render'

import { PublishingScreen } from './publishing'

const domain = {
  name: 'www.example.org',
  owner_id: 0,
  owner: '',
  proof: 'administrator',
  created_at: '2026-11-22T08:00:00Z',
}

it("lists everybody's names, which lead to their own screens", async () => {
  answer('get', '/admin/published', { items: [publication] })
  answer('get', '/admin/domains', { items: [] })
  await show(<PublishingScreen />)
  const link = (name: string) => screen.getByRole('link', { name })
  await screen.findByText(publication.url!)
  expect(link('alice')).toHaveAttribute('href', '/admin/users?user=3')
  expect(link('nas')).toHaveAttribute('href', '/admin/clients/3/nas')
  expect(link('Requests to web-alice')).toHaveAttribute('href', '/admin/publishing/3/web-alice/requests')
  expect(link('Change who may come to web-alice')).toHaveAttribute(
    'href',
    '/admin/publishing/3/web-alice/access',
  )
})

it('gives an account a domain, and takes it away', async () => {
  answer('get', '/admin/published', { items: [] })
  answer('get', '/admin/domains', { items: [domain] })
  const details = { owner: 'is no user here' }
  const refused = answer('post', '/admin/domains', { code: 'invalid', message: '', details }, 422)
  const dropped = answer('delete', '/admin/domains/www.example.org', null)
  const { user } = await show(<PublishingScreen />)
  expect(await screen.findByText('Nothing is published yet')).toBeVisible()
  expect(await screen.findByText('the operator')).toBeVisible()
  await user.click(screen.getByRole('button', { name: /Assign a domain/ }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.type(dialog.getByLabelText('Domain'), 'shop.example.net')
  await user.type(dialog.getByLabelText('Account'), 'nobody')
  await user.click(dialog.getByRole('button', { name: 'Assign' }))
  expect(await dialog.findByText(/is no user here/)).toBeVisible()
  expect(refused[0]!.body).toEqual({ name: 'shop.example.net', owner: 'nobody' })

  const made = answer('post', '/admin/domains', { ...domain, name: 'shop.example.net' }, 201)
  answer('get', '/admin/domains', { items: [domain, { ...domain, name: 'shop.example.net' }] })
  await user.clear(dialog.getByLabelText('Account'))
  await user.click(dialog.getByRole('button', { name: 'Assign' }))
  expect(await screen.findByText('shop.example.net')).toBeVisible()
  expect(made[0]!.body).toEqual({ name: 'shop.example.net' })

  await user.click(screen.getByRole('button', { name: 'Delete www.example.org' }))
  await screen.findByText('Give up www.example.org?')
  await user.click(screen.getAllByText('Delete').at(-1)!)
  expect(await screen.findByText('www.example.org was deleted')).toBeVisible()
  expect(dropped).toHaveLength(1)
})
