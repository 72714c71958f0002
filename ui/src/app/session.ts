// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQuery, type QueryClient } from '@tanstack/react-query'

import { fetcher, type Schema } from '@/api/client'
import { asApiError } from '@/api/error'
import { finishDeletions } from '@/components/deletions'

/**
 * Who is logged in is what GET /auth/me says: the token is in a cookie that no
 * script can read. All tabs hear of log-ins and log-outs.
 */
const tabs = new BroadcastChannel('culvert.session')
const mine = ['get', '/auth/me'] as const
const unauthenticated = 401

/**
 * useSession returns the question who is logged in. Nobody is an answer too,
 * null: an error would make the query pending again whenever it is asked, and
 * take a form away from who is filling it in.
 */
export function useSession() {
  return useQuery({
    queryKey: mine,
    queryFn: async ({ signal }) => {
      try {
        // Asking who is there when nobody is would be an error in the browser's console.
        const site = await fetcher.GET('/site', { signal })
        if (site.data?.logged_in === false) return null
        const { data } = await fetcher.GET('/auth/me', { signal })
        return data ?? null
      } catch (error) {
        if (asApiError(error).status === unauthenticated) return null
        throw error
      }
    },
    staleTime: 60_000,
  })
}

/** useMe returns who is logged in: undefined while that is not known, null if nobody is. */
export function useMe(): Schema<'Me'> | null | undefined {
  return useSession().data
}

/** followSession keeps this tab's idea of who is logged in that of all tabs. */
export function followSession(client: QueryClient): void {
  tabs.onmessage = () => void forget(client)
}

/** sessionChanged is called after any log-in and log-out, and has everything fetched anew. */
export async function sessionChanged(client: QueryClient): Promise<void> {
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
    await finishDeletions()
    await fetcher.POST('/auth/logout')
  } catch (error) {
    if (asApiError(error).status !== unauthenticated) throw error
  } finally {
    await sessionChanged(client)
  }
}

/** forget drops what was fetched as somebody else before anything of it can be shown again. */
async function forget(client: QueryClient): Promise<void> {
  await client.cancelQueries()
  client.removeQueries({ predicate: (q) => q.queryKey[1] !== '/auth/me' })
  await client.resetQueries({ queryKey: mine })
}
