// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** pageParams are those of useInfiniteQuery for lists of the API: `api.useInfiniteQuery('get', path, init, pageParams)`. */
export const pageParams = {
  pageParamName: 'after',
  initialPageParam: null as string | null, // undefined would be sent as 0
  getNextPageParam: (last: { next?: string }) => last.next || undefined,
} as const

/** items are those of all pages that were fetched. */
export function items<T>(data: { pages: { items: T[] | null }[] } | undefined): T[] {
  return data?.pages.flatMap((p) => p.items ?? []) ?? []
}
