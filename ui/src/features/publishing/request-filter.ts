// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Schema } from '@/api/client'

/** classes are what requests can be narrowed to: those that go on, or those with such a status. */
export const classes = ['all', 'open', '2xx', '3xx', '4xx', '5xx'] as const
export type Class = (typeof classes)[number]

/** passes tells whether a request is of this class and has this text in it. */
export function passes(r: Schema<'PublicRequest'>, status: Class, text: string): boolean {
  if (status === 'open' && !r.open) return false
  if (/^\d/.test(status) && Math.floor((r.status ?? 0) / 100) !== Number(status[0])) return false
  const words = `${r.method} ${r.path} ${r.status ?? ''} ${r.address} ${r.visitor ?? ''}`.toLowerCase()
  return words.includes(text.trim().toLowerCase())
}
