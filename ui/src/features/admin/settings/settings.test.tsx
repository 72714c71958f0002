// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'

import { answer } from '@/test/server'
import { show } from '@/test/render'

import { SettingsScreen } from './settings'

const settings = (feedback = '', version = 0) => ({
  items: [
    { key: 'terms', value: '', version: 0 },
    { key: 'feedback_link', value: feedback, version },
    { key: 'registration', value: true, version: 2 },
    { key: 'limits', value: {}, version: 0 },
  ],
})
const open = () => show(<SettingsScreen />, { path: '/admin/settings', at: '/admin/settings' })
const part = async (name: string) => within(await screen.findByRole('form', { name }))

it('saves one setting by itself', async () => {
  answer('get', '/admin/settings', settings())
  const calls = answer('put', '/admin/settings/registration', {
    key: 'registration',
    value: false,
    version: 3,
  })
  const { user } = await open()
  const registration = await part('Registration')
  expect(registration.getByRole('button', { name: 'Save' })).toBeDisabled()
  await user.click(registration.getByRole('switch'))
  expect(registration.getByText('not saved')).toBeVisible()
  await user.click(registration.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(calls).toHaveLength(1))
  expect(calls[0]!.body).toEqual({ value: false })
  expect(calls[0]!.headers.get('If-Match')).toBe('"v2"')
  await waitFor(() => expect(registration.queryByText('not saved')).not.toBeInTheDocument())
})

it('keeps what was typed when somebody else has changed it, and saves it then', async () => {
  answer('get', '/admin/settings', settings())
  answer('put', '/admin/settings/feedback_link', { code: 'conflict', message: '' }, 412)
  const { user } = await open()
  const feedback = await part('Feedback link')
  await user.click(feedback.getByLabelText('Feedback link'))
  await user.paste('https://mine.example')
  answer('get', '/admin/settings', settings('https://theirs.example', 1))
  await user.click(feedback.getByRole('button', { name: 'Save' }))
  expect(await feedback.findByText(/Somebody else has changed this meanwhile/)).toBeVisible()
  expect(feedback.getByLabelText('Feedback link')).toHaveValue('https://mine.example')

  const calls = answer('put', '/admin/settings/feedback_link', {})
  await user.click(feedback.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(calls).toHaveLength(1))
  expect(calls[0]!.headers.get('If-Match')).toBe('"v1"')
})

it('says what is wrong with a value', async () => {
  answer('get', '/admin/settings', settings())
  const details = { value: 'is an http, https or mailto link, or empty' }
  answer('put', '/admin/settings/feedback_link', { code: 'invalid', message: '', details }, 422)
  const { user } = await open()
  const feedback = await part('Feedback link')
  await user.click(feedback.getByLabelText('Feedback link'))
  await user.paste('nowhere')
  await user.click(feedback.getByRole('button', { name: 'Save' }))
  expect(await feedback.findByText(/This is no link/)).toBeVisible()
})

/** change types terms, and goes elsewhere without saving them. */
async function change() {
  answer('get', '/admin/settings', settings())
  const shown = await open()
  await shown.user.click((await part('Terms of use')).getByLabelText('Terms of use'))
  await shown.user.paste('Be kind.')
  await shown.router.navigate('/endpoints')
  return shown
}

it('asks before what is not saved is left, and keeps it', async () => {
  const { user, router } = await change()
  await user.click(await screen.findByRole('button', { name: 'Stay here' }))
  expect(router.state.location.pathname).toBe('/admin/settings')
  expect(screen.getByLabelText('Terms of use', { selector: 'textarea' })).toHaveValue('Be kind.')
})

it('lets it be lost', async () => {
  const { user, router } = await change()
  await user.click(await screen.findByRole('button', { name: 'Leave' }))
  await waitFor(() => expect(router.state.location.pathname).toBe('/endpoints'))
})

it('sends limits without those that are the default', async () => {
  answer('get', '/admin/settings', settings())
  const calls = answer('put', '/admin/settings/limits', {})
  const { user } = await open()
  const limits = await part('Limits of accounts')
  await user.click(limits.getByLabelText('Endpoints'))
  await user.click(await screen.findByTitle('No limit'))
  await user.click(limits.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(calls[0]?.body).toEqual({ value: { endpoints: -1 } }))
})
