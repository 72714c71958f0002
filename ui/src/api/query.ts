// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { MutationCache, QueryCache, QueryClient, type Query } from '@tanstack/react-query'

import { ApiError } from './error'
import type { paths } from './schema'

const unauthenticated = 401

/** makeQueryClient makes the cache of all that was fetched. onSignedOut is called when the log-in is over. */
export function makeQueryClient(onSignedOut: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (error instanceof ApiError && error.status === unauthenticated) onSignedOut()
  }
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (query.queryKey[1] !== '/auth/me') onError(error)
      },
    }),
    mutationCache: new MutationCache({ onError: (error, _v, _c, m) => m.meta?.public || onError(error) }),
    defaultOptions: {
      mutations: { networkMode: 'always' },
      queries: {
        // A browser that is offline reaches a gateway on this machine or network all the same.
        networkMode: 'always',
        staleTime: 30_000,
        // What the gateway has refused it refuses again; what did not reach it is worth another try.
        retry: (count, error) => count < 2 && error instanceof ApiError && error.code === 'unreachable',
      },
    },
  })
}

/**
 * invalidate has everything fetched anew whose path begins with one of the
 * prefixes: '/endpoints' means lists, single ones and what is below them.
 */
export function invalidate(client: QueryClient, ...prefixes: (keyof paths)[]): Promise<void> {
  const matches = ({ queryKey: [, path] }: Query) =>
    typeof path === 'string' && prefixes.some((p) => path === p || path.startsWith(`${p}/`))
  return client.invalidateQueries({ predicate: matches })
}
