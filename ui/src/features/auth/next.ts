// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

const home = '/endpoints'

/**
 * ownPath returns where to go after the log-in: what was asked for if it is a
 * page of this site. Anything else would let a link to our log-in lead away.
 */
export function ownPath(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next)) return home
  try {
    // As a browser reads it, which leaves out line breaks and tabs.
    const url = new URL(next, location.origin)
    const path = url.pathname + url.search + url.hash
    const leads = url.origin === location.origin && !path.startsWith('//')
    return leads && !/^\/(login|register|setup|reset)?$/.test(url.pathname) ? path : home
  } catch {
    return home
  }
}
