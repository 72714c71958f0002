// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'

import { screen } from '@testing-library/react'
import { describe, expect, it } from 'vitest'

import { publication } from '@/test/example-publication'
import { answer } from '@/test/server'
import { show } from '@/test/render'

import { Component } from './add'
import { hostPattern, labelOf, publishCommand, publishConfig } from './commands'

const docs = readFileSync('../docs/publishing.md', 'utf8')

describe('what is to be copied', () => {
  it.each([
    [{ kind: 'http', port: 8080, name: '' } as const, 'tunnelclient http 8080'],
    [{ kind: 'http', port: 8080, name: 'web' } as const, 'tunnelclient http 8080 --name web'],
    [
      { kind: 'tcp', port: 22, name: 'ignored', publicPort: 20022 } as const,
      'tunnelclient tcp 22 --port 20022',
    ],
    [{ kind: 'tcp', port: 22, name: '' } as const, 'tunnelclient tcp 22'],
    [{ kind: 'udp', port: 53, name: '' } as const, 'tunnelclient udp 53'],
  ])('is for %j: %s', (wish, command) => expect(publishCommand(wish)).toBe(command))

  it('is what the documentation has', () => {
    expect(docs).toContain(`\n${publishCommand({ kind: 'http', port: 8080, name: '' })}\n`)
    expect(docs).toContain(`\n${publishCommand({ kind: 'tcp', port: 22, name: '' })}\n`)
    expect(docs).toContain(publishConfig({ kind: 'http', port: 8080, name: 'web' }))
    expect(docs).toContain(publishConfig({ kind: 'tcp', port: 22, name: '' }).replace('tcp-22', 'ssh'))
  })

  it('has a public port if one is chosen, and a name of the service that is allowed', () => {
    expect(publishConfig({ kind: 'udp', port: 53, name: '', publicPort: 20053 })).toContain(
      'publish: {udp: 20053}',
    )
    const domain = publishConfig({ kind: 'http', port: 80, name: 'www.example.org' })
    expect(domain).toContain('id: web\n')
    expect(domain).toContain('publish: {host: www.example.org}')
  })
})

it.each([
  ['web', 'alice', 'web-alice'],
  ['Web', 'Alice_B_', 'web-alice-b'],
  ['www.Example.org', 'alice', 'www.example.org'],
])('calls %s of %s %s', (host, account, label) => expect(labelOf(host, account)).toBe(label))

it.each(['web', 'a', 'A-1', 'www.example.org'])('takes %s', (host) => expect(host).toMatch(hostPattern))
it.each(['-web', 'web-', 'a_b', 'www..org', 'a.b.', 'a b'])('does not take %s', (host) =>
  expect(host).not.toMatch(hostPattern),
)

it('says how, and where it will be', async () => {
  answer('get', '/auth/me', { user: { id: 3, name: 'alice', admin: false } })
  answer('get', '/site', { url: 'https://gateway.example.com' })
  answer('get', '/published', { items: [publication] })
  const { user } = await show(<Component />)
  expect(await screen.findByText('tunnelclient http 8080')).toBeVisible()
  await user.type(screen.getByLabelText('Name'), 'blog')
  expect(screen.getByText('tunnelclient http 8080 --name blog')).toBeVisible()
  expect(await screen.findByText('https://blog-alice.apps.example.com')).toBeVisible()
  await user.type(screen.getByLabelText('Name'), '-')
  expect(screen.getByText(/Use letters, digits and hyphens/)).toBeVisible()
  expect(screen.queryByText(/tunnelclient http/)).toBeNull()

  await user.click(screen.getByRole('radio', { name: 'TCP port' }))
  expect(screen.getByText('tunnelclient tcp 22')).toBeVisible()
  expect(screen.getByText(/publish: {tcp: 0}/)).toBeVisible()
  await user.type(screen.getByLabelText('Public port'), '20022')
  expect(await screen.findByText('tunnelclient tcp 22 --port 20022')).toBeVisible()
  expect(screen.getByText('tcp://gateway.example.com:20022')).toBeVisible()
  await user.click(screen.getByRole('radio', { name: 'UDP port' }))
  expect(screen.getByText('tunnelclient udp 53 --port 20022')).toBeVisible()
})

it('leads to the proof of a domain, and without any URL shows the name alone', async () => {
  answer('get', '/auth/me', { user: { id: 3, name: 'alice', admin: false } })
  answer('get', '/published', { items: [] })
  const { user } = await show(<Component />)
  expect(await screen.findByText('http-8080-alice')).toBeVisible()
  expect(screen.getByText(/It is the first part of the address/)).toBeVisible()
  await user.type(screen.getByLabelText('Name'), 'www.example.org')
  expect(screen.getByRole('link', { name: 'Domains' })).toHaveAttribute('href', '/publishing/domains')
})
