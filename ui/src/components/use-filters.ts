// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useCallback } from 'react'
import { useSearchParams } from 'react-router'

/** Filters are what a list is narrowed to, by the names of the API's parameters. */
export type Filters<Name extends string> = Partial<Record<Name, string>>

/**
 * useFilters returns what a list is narrowed to, which the address holds so
 * that it can be shared, and what changes some of it. Undefined takes a filter
 * away.
 */
export function useFilters<Name extends string>(names: readonly Name[]) {
  const [params, setParams] = useSearchParams()
  const filters: Filters<Name> = {}
  for (const name of names) filters[name] = params.get(name) || undefined
  const change = useCallback(
    (changes: Filters<Name>) =>
      setParams(
        (old) => {
          const next = new URLSearchParams(old)
          for (const [name, value] of Object.entries<string | undefined>(changes)) {
            if (value) next.set(name, value)
            else next.delete(name)
          }
          return next
        },
        { replace: true },
      ),
    [setParams],
  )
  return [filters, change] as const
}
