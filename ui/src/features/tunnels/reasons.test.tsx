// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { readdirSync, readFileSync } from 'node:fs'

import { screen } from '@testing-library/react'
import { expect, it } from 'vitest'

import { answer } from '@/test/server'
import { show } from '@/test/render'

import { PastSessions } from './past-sessions'
import { reasonKey, reasons } from './reasons'

/** goFiles are the sources of a package, without its tests. */
const goFiles = (folder: string) =>
  readdirSync(folder)
    .filter((f) => f.endsWith('.go') && !f.endsWith('_test.go'))
    .map((f) => readFileSync(`${folder}/${f}`, 'utf8'))
    .join('\n')

it('knows all reasons for which the gateway ends sessions', () => {
  const code = ['signaling', 'relay', 'gateway'].map((p) => goFiles(`../internal/${p}`)).join('\n')
  const words = Object.fromEntries(
    [...goFiles('../internal/wire').matchAll(/\b(Code\w+)\s+= "(\w+)"/g)].map((m) => [m[1]!, m[2]!]),
  )
  const ends = /(?:SessionClosed\{\s*Code: |s\.end\(|DropSessionsOf\([^,]+, )wire\.(Code\w+)/g
  const written = [
    ...[...code.matchAll(ends)].map((m) => words[m[1]!]!),
    ...[...code.matchAll(/hub\.Closing\{Code: 10\d\d, Reason: "([^"]+)"/g)].map((m) => m[1]!),
  ]
  expect([...new Set(written)].sort()).toEqual(Object.keys(reasons).sort())
})

it.each([
  ['client_offline', 'client_offline'],
  ['gateway restarting', 'restarting'],
  ['toString', 'unknown'],
])('finds the text of %s', (reason, key) => expect(reasonKey(reason)).toBe(key))

it('says in plain words why a session ended', async () => {
  const past = {
    id: 's1',
    visitor: 'laptop',
    provider: 'nas',
    service: 'web',
    created_at: '2026-11-22T08:00:00Z',
    ended_at: '2026-11-22T08:01:05Z',
    bytes: 1500,
  }
  answer('get', '/session-log', {
    items: [
      { ...past, reason: 'quota_exceeded' },
      { ...past, id: 's2', reason: 'what_is_new' },
    ],
  })
  await show(<PastSessions />, { language: 'zh-CN' })
  expect(await screen.findByText('账户本月流量已用完')).toBeVisible()
  expect(screen.getByText('其他原因：what_is_new')).toBeVisible()
  expect(screen.getAllByText('1:05')).toHaveLength(2)
})
