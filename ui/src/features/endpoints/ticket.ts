// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { fetcher } from '@/api/client'
import type { Scope } from '@/live/stream'

import { at, byId, type Endpoint } from './scope'

/** ticketUrl returns a URL that opens a connection, within half a minute if the endpoint is private. */
export async function ticketUrl({ id, url, private: isPrivate }: Endpoint, scope: Scope): Promise<string> {
  if (!isPrivate) return url
  const { data } = await fetcher.POST(at(scope, '/endpoints/{id}/tickets'), byId(id))
  const withTicket = new URL(url)
  withTicket.searchParams.set('ticket', data!.ticket)
  return withTicket.href
}
