// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { screen } from '@testing-library/react'
import { expect, it } from 'vitest'

import { answer } from '@/test/server'
import { show } from '@/test/render'

import { Component } from './admin'

const me = (admin: boolean) => ({
  user: {
    id: 1,
    name: 'ann',
    email: 'ann@example.com',
    admin,
    created_at: '2026-01-01T00:00:00Z',
    limits: {},
  },
  scope: 'full',
})

it('shows nothing to who is no administrator, and asks the API for nothing', async () => {
  answer('get', '/auth/me', me(false))
  const blocks = answer('get', '/admin/blocks', { items: [] })
  await show(<Component />, { path: '/admin/:tab?', at: '/admin/blocks' })
  expect(await screen.findByText('There is nothing here')).toBeVisible()
  expect(blocks).toHaveLength(0)
})

it('shows the part that the address names', async () => {
  answer('get', '/auth/me', me(true))
  answer('get', '/admin/blocks', { items: [] })
  await show(<Component />, { path: '/admin/:tab?', at: '/admin/blocks' })
  expect(await screen.findByRole('heading', { level: 1, name: 'Block list' })).toBeVisible()
})

it('knows no other parts', async () => {
  answer('get', '/auth/me', me(true))
  await show(<Component />, { path: '/admin/:tab?', at: '/admin/toString' })
  expect(await screen.findByText('There is nothing here')).toBeVisible()
})
