// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest'

import { record } from './export'
import { compile, everything } from './filter'
import type { Message } from './messages'
import { encode } from './payload'
import { line, whole } from './views'

const bytes = (...b: number[]) => new Uint8Array(b).buffer
const received = (data: Message['data']): Message => ({ direction: 'received', at: 0, data })

describe('encode', () => {
  it.each(['68 65 6C', '68656c', '0x68, 0x65, 0x6c', '68:65:6c'])('takes bytes written as %s', (text) => {
    expect(encode({ kind: 'hex', text })).toEqual(bytes(0x68, 0x65, 0x6c))
  })

  it('says what is wrong with bytes', () => {
    expect(encode({ kind: 'hex', text: '68 6' })).toEqual({ problem: 'hex_odd' })
    expect(encode({ kind: 'hex', text: '6g' })).toEqual({ problem: 'hex_digit', detail: 'g' })
  })

  it('sends JSON as it was written, if it is JSON', () => {
    expect(encode({ kind: 'json', text: '{ "a": 1 }' })).toBe('{ "a": 1 }')
    expect(encode({ kind: 'json', text: '{ a: 1 }' })).toMatchObject({ problem: 'json' })
  })
})

describe('views', () => {
  it('shows text as text, and bytes as hex', () => {
    expect(line('a\n  b', 'auto')).toBe('a b')
    expect(line(bytes(1, 0xff), 'auto')).toBe('01 ff')
    expect(line(bytes(0x68, 0x69), 'text')).toBe('hi')
    expect(line('hi', 'hex')).toBe('68 69')
  })

  it('sets out JSON, breaks hex into lines, and says when it cuts', () => {
    expect(whole('{"a":1}', 'auto', 1000)).toEqual({ text: '{\n  "a": 1\n}', cut: false })
    expect(whole(new ArrayBuffer(17), 'auto', 1000).text).toBe(`${Array(16).fill('00').join(' ')}\n00`)
    expect(whole('abcdef', 'text', 3)).toEqual({ text: 'abc', cut: true })
  })
})

describe('compile', () => {
  it('finds text in any case, and takes it literally', () => {
    const test = compile({ ...everything, text: 'A.c' })!
    expect([received('xa.cx'), received('abc')].map(test)).toEqual([true, false])
  })

  it('finds what an expression matches, in bytes by their hex', () => {
    const test = compile({ ...everything, text: '^(0a|hi)', regex: true })!
    expect([received('hi'), received('oh hi'), received(bytes(10))].map(test)).toEqual([true, false, true])
  })

  it('goes by direction, passes all without a filter, and has none of an expression that is not valid', () => {
    const test = compile({ ...everything, direction: 'sent' })!
    expect(test(received('x'))).toBe(false)
    expect(compile(everything)).toBeNull()
    expect(compile({ ...everything, text: '(', regex: true })).toBeUndefined()
  })
})

it('exports text as it is, and bytes in base64', () => {
  expect(record(received('hi'))).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    direction: 'received',
    type: 'text',
    data: 'hi',
  })
  expect(record(received(bytes(0, 255)))).toMatchObject({ type: 'binary', data: 'AP8=' })
})
