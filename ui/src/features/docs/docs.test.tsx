// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'

import { show } from '@/test/render'

import { Component } from './docs'
import { documents, load, type DocumentName } from './documents'
import { resolve } from './link'

const languages = ['en', 'zh-CN'] as const
const all = documents.flatMap((name) => languages.map((language) => ({ name, language })))
const repository = join(__dirname, '../../../..')

const page = (at: string, language: (typeof languages)[number] = 'en') =>
  show(<Component />, { path: '/docs/:page?', at, language })

describe.each(all)('$name in $language', ({ name, language }) => {
  it('has headings that are found by their ids, one title, and links that lead somewhere', async () => {
    const { headings, title } = await load(name, language)
    const { container } = await page(`/docs/${name}`, language)
    expect(await screen.findByRole('heading', { level: 1, name: title })).toBeVisible()
    await waitFor(() => expect(container.querySelector('.doc h2')).not.toBeNull())
    expect(screen.getAllByRole('heading', { level: 1 })).toHaveLength(1)
    expect(new Set(headings.map((h) => h.id)).size).toBe(headings.length)
    for (const { id, text } of headings) expect(document.getElementById(id)).toHaveTextContent(text)
    for (const a of container.querySelectorAll('.doc a'))
      await leadsSomewhere(a.getAttribute('href')!, language)
  })
})

async function leadsSomewhere(href: string, language: (typeof languages)[number]) {
  const url = new URL(href, 'http://here')
  if (url.host === 'github.com') {
    return expect(existsSync(join(repository, url.pathname.replace(/^(\/[^/]+){4}/, ''))), href).toBe(true)
  }
  if (url.host !== 'here') return
  const name = url.pathname.replace('/docs/', '') as DocumentName
  expect(documents, href).toContain(name)
  const ids = (await load(name, language)).headings.map((h) => h.id)
  if (url.hash) expect(ids, href).toContain(decodeURIComponent(url.hash.slice(1)))
}

it.each([
  ['endpoints.md', { to: '/docs/endpoints' }],
  ['accounts.zh-CN.md#api', { to: '/docs/accounts#api' }],
  ['#packets', { to: '#packets' }],
  [
    'deployment.md#backup',
    { href: 'https://github.com/culvertd/culvert/blob/main/docs/deployment.md#backup' },
  ],
  ['../README.md#x', { href: 'https://github.com/culvertd/culvert/blob/main/README.md#x' }],
  ['https://example.com/a', { href: 'https://example.com/a' }],
])('a link to %s', (href, target) => expect(resolve(href)).toEqual(target))

it('begins with the quick start, and changes the document by its menu', async () => {
  const { user } = await page('/docs')
  expect(await screen.findByRole('heading', { level: 1, name: 'Quick start' })).toBeVisible()
  const menu = screen.getByRole('navigation', { name: 'Documents' })
  await user.click(within(menu).getByRole('link', { name: 'Accounts' }))
  expect(await screen.findByRole('heading', { level: 1, name: 'Accounts and the API' })).toBeVisible()
})

it('says that there is no such document', async () => {
  await page('/docs/nothing')
  expect(await screen.findByText('There is nothing here')).toBeVisible()
})

it('leads to the API of this gateway', async () => {
  await page('/docs/api', 'zh-CN')
  expect(await screen.findByRole('link', { name: '全部路由和示例' })).toHaveAttribute('href', '/api/docs')
})
