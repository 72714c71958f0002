// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Schema } from '@/api/client'

import type { Access } from './which'

/** Values are what the form of a name's access holds: lists of addresses are texts, one in a line. */
export type Values = {
  mode: Schema<'Access'>['mode']
  password?: string
  visitors?: string[]
  allow: string
  deny: string
}

/** valuesOf shows what is set. Of the password it is only known that there is one. */
export const valuesOf = ({ mode, visitors, allow, deny }: Schema<'Access'>): Values => ({
  mode,
  password: '',
  visitors,
  allow: allow.map(bare).join('\n'),
  deny: deny.map(bare).join('\n'),
})

/** bare writes a network of one address as this address. */
const bare = (prefix: string) => prefix.replace(prefix.includes(':') ? /\/128$/ : /\/32$/, '')

export const addressesOf = (text: string) => text.split(/[\s,;]+/).filter(Boolean)

/** bodyOf is what is asked for: without a password the one that is set stays. */
export function bodyOf({ mode = 'open', password, visitors, allow, deny }: Values): Access {
  return {
    mode,
    ...(mode === 'password' && password && { password }),
    ...(mode === 'login' && { visitors: visitors ?? [] }),
    allow: addressesOf(allow),
    deny: addressesOf(deny),
  }
}
