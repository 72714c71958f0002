// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen } from '@testing-library/react'
import { describe, expect, it } from 'vitest'

import { answer } from '@/test/server'
import { show } from '@/test/render'

import { Component } from './device'

const request = (lives: number) => ({
  user_code: 'WDJB-MJHT',
  client_name: 'nas',
  address: '203.0.113.7',
  agent: 'tunnelclient/v1',
  created_at: new Date().toISOString(),
  expires_at: new Date(Date.now() + lives).toISOString(),
})
const error = (code: string) => ({ code, message: code })

describe('the device screen', () => {
  it.each([
    ['Allow', true, 'The device is allowed'],
    ['Deny', false, 'The device was denied'],
  ])('takes the code of the link, shows who asks, and lets say: %s', async (button, allow, done) => {
    const looks = answer('post', '/device/look', request(600_000))
    const decisions = answer('post', '/device/decide', null)
    const { user } = await show(<Component />, { at: '/device#WDJB-MJHT' })
    expect(await screen.findByText('203.0.113.7')).toBeVisible()
    expect(screen.getByText('nas')).toBeVisible()
    expect(screen.getByText(/Allow only what you have started yourself/)).toBeVisible()
    await user.click(screen.getByRole('button', { name: button }))
    expect(await screen.findByText(done)).toBeVisible()
    expect(looks).toHaveLength(1)
    expect(looks[0]!.body).toEqual({ user_code: 'WDJB-MJHT' })
    expect(decisions[0]!.body).toEqual({ user_code: 'WDJB-MJHT', allow })
  })

  it('asks for a code without one, refuses what cannot be one, and says if nobody waits with it', async () => {
    const looks = answer('post', '/device/look', error('not_found'), 404)
    const { user } = await show(<Component />, { at: '/device' })
    const field = await screen.findByLabelText('Code')
    await user.type(field, 'wdjb{Enter}')
    expect(await screen.findByText('A code has eight letters.')).toBeVisible()
    await user.type(field, '-mjht{Enter}')
    expect(await screen.findByRole('alert')).toHaveTextContent('No device waits with this code')
    expect(looks[0]!.body).toEqual({ user_code: 'WDJB-MJHT' })
    await user.click(screen.getByRole('button', { name: 'Enter another code' }))
    expect(screen.getByLabelText('Code')).toHaveValue('')
  })

  it('sees that a code expires while it is looked at', async () => {
    answer('post', '/device/look', request(300))
    await show(<Component />, { at: '/device#WDJB-MJHT' })
    expect(await screen.findByText('The code has expired')).toBeVisible()
  })

  it('says that another tab was quicker', async () => {
    answer('post', '/device/look', request(600_000))
    answer('post', '/device/decide', error('not_found'), 404)
    const { user } = await show(<Component />, { at: '/device#WDJB-MJHT' })
    await user.click(await screen.findByRole('button', { name: 'Allow' }))
    expect(await screen.findByText('This was decided already')).toBeVisible()
  })

  it('stays where it is when the gateway does not answer', async () => {
    answer('post', '/device/look', request(600_000))
    answer('post', '/device/decide', error('internal'), 500)
    const { user } = await show(<Component />, { at: '/device#WDJB-MJHT' })
    await user.click(await screen.findByRole('button', { name: 'Allow' }))
    expect(await screen.findByText('The gateway has a problem of its own')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Deny' })).toBeEnabled()
  })
})
