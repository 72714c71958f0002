// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** What a domain looks like, for who is asked for one. */
export const exampleDomain = 'www.example.org'

/** hostIn returns the host of a URL; empty if it is none. */
export function hostIn(url: string): string {
  try {
    return new URL(url).hostname
  } catch {
    return ''
  }
}

/** domainOf returns the domain in what somebody has typed or pasted, as DNS spells it; empty if there is none yet. */
export function domainOf(text: string): string {
  const bare = text.trim().replace(/^\w+:\/\//, '')
  const host = hostIn(`http://${bare}`).replace(/\.$/, '')
  return host.includes('.') ? host : ''
}
