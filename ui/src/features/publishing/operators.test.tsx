// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'

import { fireEvent, screen } from '@testing-library/react'
import { expect, it } from 'vitest'

import { port, publication } from '@/test/example-publication'
import { answer } from '@/test/server'
import { show } from '@/test/render'

import { OperatorsTab } from './operators-tab'
import { siteOf, upstreamOf } from './sites'
import { snippets } from './snippets'

/** pieces are those of the documentation, without its remarks. */
const pieces = [...readFileSync('../docs/publishing.md', 'utf8').matchAll(/```caddyfile\n([^]*?)```/g)]
  .map((m) => m[1]!.replace(/ +#.*/g, ''))
  .join('\n')
const values = {
  upstream: 'culvert/web.nas.alice',
  other: 'culvert/web.backup.alice',
  site: 'https://*.apps.example.com',
}
const lines = (text: string) => text.split('\n').map((l) => l.trim())

it('has the pieces of the documentation', () => {
  expect(pieces).toContain(snippets.names(values))
  expect(pieces).toContain(
    snippets
      .port({ ...values, upstream: 'culvert/ssh.nas.alice' })
      .split('\n')
      .slice(0, 3)
      .join('\n'),
  )
  for (const key of ['password', 'balance'] as const) {
    for (const line of lines(snippets[key](values))) {
      // There it is one piece with both.
      expect(lines(pieces.replaceAll(` ${values.other}`, '')), key).toContain(
        line.replace(` ${values.other}`, ''),
      )
    }
  }
})

it.each(Object.entries(snippets))('closes each bracket of %s', (_, piece) => {
  const text = piece(values).replaceAll(/{\w+\.\w+}/g, '')
  expect(text.split('{')).toHaveLength(text.split('}').length)
  expect(text).not.toMatch(/^ /m)
})

it('fills them with a service that is chosen', async () => {
  const far = { ...publication, name: 'wiki-alice', client: 'office', service: 'wiki' }
  answer('get', '/published', { items: [port, publication, { ...publication, client: 'backup' }, far] })
  const { user } = await show(<OperatorsTab />)
  expect(
    await screen.findByText(/reverse_proxy culvert\/web\.nas\.alice culvert\/web\.backup\.alice/),
  ).toBeVisible()
  fireEvent.mouseDown(screen.getByRole('combobox', { name: 'Service in the pieces' }))
  await user.click(await screen.findByText('culvert/wiki.office.alice'))
  expect(
    await screen.findByText(/reverse_proxy culvert\/wiki\.office\.alice culvert\/wiki\.backup\.alice/),
  ).toBeVisible()
  expect(screen.getAllByText(/https:\/\/\*\.apps\.example\.com/)).toHaveLength(2)
})

it('has an example where nothing is published', async () => {
  answer('get', '/published', { items: [] })
  await show(<OperatorsTab />)
  expect(await screen.findByText(/reverse_proxy culvert\/web\.nas\.alice culvert/)).toBeVisible()
  expect(screen.queryByRole('combobox')).toBeNull()
})

it('names services of ports and all hosts as the gateway does', () => {
  expect(snippets.port({ ...values, upstream: 'culvert/db.box' })).toContain('listen tcp/:2222 box/db\n')
  expect(snippets.names({ ...values, site: 'http://*.apps.localhost:8080' })).toContain('\nhttp://:8080 {\n')
})

it("calls the operator's own clients without an account", () => {
  expect(upstreamOf({ ...publication, owner_id: 0, owner: '' })).toBe('culvert/web.nas')
})

it('knows where names are from a name that has a URL', () => {
  expect(siteOf([port, { ...publication, url: 'http://web-alice.apps.localhost:8080' }])).toBe(
    'http://*.apps.localhost:8080',
  )
  expect(siteOf([port])).toBeUndefined()
})
