// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor } from '@testing-library/react'
import { expect, test } from 'vitest'

import { api } from '@/api/client'
import { example } from '@/test/example-endpoint'
import { show } from '@/test/render'
import { answer } from '@/test/server'

import { byId } from './scope'
import { Settings } from './settings'

function Fetched() {
  const { data } = api.useQuery('get', '/endpoints/{id}', byId(example.id))
  return data && <Settings endpoint={data} scope="own" />
}
const settings = () => show(<Fetched />)
const limit = () => screen.findByLabelText('Largest message')

test('settings are sent in the units of the API', async () => {
  answer('get', '/endpoints/:id', example)
  const calls = answer('patch', '/endpoints/:id', { ...example, version: 4 })
  const { user } = await settings()
  await user.type(await limit(), '64')
  await user.click(screen.getByText('Save'))
  expect(await screen.findByText(/^Saved\./)).toBeVisible()
  expect(calls[0]!.body).toEqual({ name: 'Doorbell', ...example.settings, max_message_size: 65536 })
  expect(calls[0]!.headers.get('If-Match')).toBe('"v3"')
})

test('when somebody else was quicker, nothing is lost: the newer state is shown', async () => {
  answer('get', '/endpoints/:id', example)
  answer('patch', '/endpoints/:id', { code: 'conflict', message: '' }, 412)
  const { user } = await settings()
  await user.type(await limit(), '64')
  const newer = { ...example, version: 9, settings: { ...example.settings, max_message_size: 2048 } }
  answer('get', '/endpoints/:id', newer)
  await user.click(screen.getByText('Save'))
  expect(await screen.findByText('Somebody else has changed this meanwhile')).toBeVisible()
  await waitFor(async () => expect(await limit()).toHaveValue('2'))
})

test('what the gateway says about a field stands on it', async () => {
  answer('get', '/endpoints/:id', example)
  const details = { 'body.max_message_size': 'must be at most 67108864' }
  answer('patch', '/endpoints/:id', { code: 'invalid', message: '', details }, 422)
  const { user } = await settings()
  await user.type(await limit(), '999')
  await user.click(screen.getByText('Save'))
  expect(await screen.findByText(/must be at most 67108864/)).toBeVisible()
})

test('a key is shown once, after a question', async () => {
  answer('get', '/endpoints/:id', example)
  const made = answer('post', '/endpoints/:id/key', {
    key: 'cvk_secret',
    endpoint: { ...example, private: true },
  })
  const { user } = await settings()
  await user.click(await screen.findByText('Make private'))
  expect(made).toHaveLength(0)
  await user.click(screen.getAllByText('Make private').at(-1)!)
  expect(await screen.findByDisplayValue('cvk_secret')).toHaveAccessibleName('Key of the endpoint')
})
