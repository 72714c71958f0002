// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { act, screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import type { Schema } from '@/api/client'
import { show } from '@/test/render'
import { answer } from '@/test/server'

import { Console } from './console'
import { FakeSocket } from './fake-socket'

const endpoint = {
  id: 'x',
  name: 'roof',
  url: 'wss://gateway.example/ws/x',
  private: false,
  settings: { origins: [] as string[] },
} as Schema<'Endpoint'>

beforeEach(() => {
  sessionStorage.clear()
  FakeSocket.install()
  // jsdom lays nothing out: the list would have no room for rows.
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(400)
})

async function open(e = endpoint, language: 'en' | 'zh-CN' = 'en') {
  const view = await show(<Console endpoint={e} scope="own" />, { language })
  // By label, since names by role take jsdom seconds on a page of this size.
  const panes = await screen.findAllByLabelText(/^(Client|\u5ba2\u6237\u7aef) \d$/)
  await waitFor(() => expect(FakeSocket.all).toHaveLength(2))
  act(() => FakeSocket.all.forEach((s) => s.open()))
  return { ...view, panes, first: within(panes[0]!) }
}

const row = (text: HTMLElement) => text.closest('[role=option]')

describe('Console', () => {
  it('sends what is written, shows it, and shows what arrives', async () => {
    const { user, first } = await open()
    await user.clear(first.getByLabelText('Message'))
    await user.type(first.getByLabelText('Message'), 'is it wet?')
    await user.click(first.getByText('Send'))
    expect(FakeSocket.all[0]!.sent).toEqual(['is it wet?'])
    act(() => FakeSocket.all[0]!.receive('very'))
    expect(row(await first.findByText('very'))).toHaveTextContent(/Received/)
    expect(row(first.getByText('is it wet?', { selector: '.console-data' }))).toHaveTextContent(/Sent/)
  })

  it('does not send JSON that is none, and says so', async () => {
    const { user, first } = await open()
    await user.click(first.getByText('JSON', { selector: '.ant-segmented-item-label' }))
    await user.clear(first.getByLabelText('Message'))
    await user.type(first.getByLabelText('Message'), '[[1,')
    expect(first.getByText(/not valid JSON/)).toBeInTheDocument()
    expect(first.getByText('Send').closest('button')).toBeDisabled()
  })

  it('keeps drafts for each client', async () => {
    const { user, first, unmount } = await open()
    await user.type(first.getByLabelText('Message'), ' world')
    unmount()
    FakeSocket.install()
    const again = await open()
    const drafts = again.panes.map((p) => within(p).getByLabelText<HTMLTextAreaElement>('Message').value)
    expect(drafts).toEqual(['hello world', 'hello'])
  })

  it('says why a connection ended, and connects again when told to', async () => {
    const { user, first } = await open()
    act(() => FakeSocket.all[0]!.end(4411))
    expect(first.getByText(/closed this connection by hand \(4411\)/)).toBeInTheDocument()
    await user.click(first.getByText('Connect'))
    await waitFor(() => expect(FakeSocket.all).toHaveLength(3))
  })

  it('asks for a ticket for each connection to a private endpoint', async () => {
    const calls = answer('post', '/endpoints/x/tickets', { ticket: 'cvt_1', expires_at: '' })
    await open({ ...endpoint, private: true })
    expect(FakeSocket.all.map((s) => s.url)).toEqual(Array(2).fill(`${endpoint.url}?ticket=cvt_1`))
    expect(calls).toHaveLength(2)
  })

  it('filters, and keeps the filter while an expression is not valid', async () => {
    const { user, first } = await open()
    act(() => ['rain', 'snow'].forEach((m) => FakeSocket.all[0]!.receive(m)))
    await first.findByText('snow')
    await user.type(first.getByLabelText('Filter'), 'ra')
    await waitFor(() => expect(first.queryByText('snow')).toBeNull())
    await user.click(first.getByLabelText('Regular expression'))
    await user.type(first.getByLabelText('Filter'), '(')
    expect(first.getByText(/not a valid regular expression/)).toBeInTheDocument()
    expect(first.getByText('rain')).toBeInTheDocument()
  })

  it('opens a message by keyboard', async () => {
    const { user, first } = await open()
    act(() => FakeSocket.all[0]!.receive('{"wet":true}'))
    await first.findByText('{"wet":true}')
    first.getByLabelText('Messages of Client 1').focus()
    await user.keyboard('{ArrowUp}{Enter}')
    expect(await screen.findByText(/"wet": true/)).toBeInTheDocument()
  })

  it('opens the message that is clicked, also when a filter has moved it', async () => {
    const { user, first } = await open()
    act(() => {
      FakeSocket.all[0]!.receive('{"sun":0}')
      for (let i = 1; i <= 30; i++) FakeSocket.all[0]!.receive(`{"rain":${i}}`)
    })
    await first.findByText('{"rain":30}')
    await user.type(first.getByLabelText('Filter'), 'rain')
    await first.findByText('30 of 31 messages', {}, { timeout: 5000 })
    await user.click(first.getByText('{"rain":28}'))
    expect(await screen.findByText(/"rain": 28/)).toBeInTheDocument()
  })

  it('has up to four clients, and one at least', async () => {
    const { user } = await open()
    const add = screen.getByText('Add a client').closest('button')!
    await user.click(add)
    await user.click(add)
    expect(add).toBeDisabled()
    for (const n of [1, 2, 3]) await user.click(screen.getByLabelText(`Remove Client ${n}`))
    expect(screen.getAllByLabelText(/^Client \d$/).map((r) => r.getAttribute('aria-label'))).toEqual([
      'Client 4',
    ])
    expect(screen.queryByLabelText(/^Remove/)).toBeNull()
  })

  it('speaks Chinese, and says that this page may not connect', async () => {
    await open(
      { ...endpoint, settings: { ...endpoint.settings, origins: ['https://else.example'] } },
      'zh-CN',
    )
    expect(screen.getByText('此页面不允许连接')).toBeInTheDocument()
    expect(screen.getAllByText('已连接')).toHaveLength(2)
  })
})
