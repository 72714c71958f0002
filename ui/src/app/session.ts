// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { QueryClient } from '@tanstack/react-query'

import { api, fetcher, type Schema } from '@/api/client'
import { asApiError } from '@/api/error'

/**
 * Who is logged in is what GET /auth/me says: the token is in a cookie that no
 * script can read. All tabs hear of log-ins and log-outs.
 */
const tabs = new BroadcastChannel('culvert.session')
const mine = ['get', '/auth/me'] as const

/** useMe returns who is logged in: undefined while that is not known, null if nobody is. */
export function useMe(): Schema<'Me'> | null | undefined {
  const { data, error, isPending } = api.useQuery('get', '/auth/me', {}, { staleTime: 60_000 })
  if (error) return asApiError(error).status === 401 ? null : data
  return isPending ? undefined : data
}

/** followSession keeps this tab's idea of who is logged in that of all tabs. */
export function followSession(client: QueryClient): void {
  tabs.onmessage = () => void forget(client)
}

/** signedIn is called after any log-in, and has everything fetched anew. */
export async function signedIn(client: QueryClient): Promise<void> {
  tabs.postMessage('changed')
  await forget(client)
}

/** signedOut is called when the gateway says that the log-in is over. */
export function signedOut(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: mine })
}

/** logOut ends the log-in, here and in all tabs, also when the gateway knows of none. */
export async function logOut(client: QueryClient): Promise<void> {
  try {
    await fetcher.POST('/auth/logout')
  } finally {
    await signedIn(client)
  }
}

/** forget drops what was fetched as somebody else before anything of it can be shown again. */
async function forget(client: QueryClient): Promise<void> {
  await client.cancelQueries()
  client.removeQueries({ predicate: (q) => q.queryKey[1] !== '/auth/me' })
  await client.resetQueries({ queryKey: mine })
}
