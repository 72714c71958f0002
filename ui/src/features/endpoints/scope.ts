// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { api, type Schema } from '@/api/client'
import type { paths } from '@/api/schema'
import type { Scope } from '@/live/stream'

export type Endpoint = Schema<'Endpoint'>

/** What a part of an endpoint's page is given. */
export type PartProps = { endpoint: Endpoint; scope: Scope }

type Path = Extract<keyof paths, `/endpoints/{id}${string}`>

/** at is a path of the API for a scope: administrators have the same ones for all endpoints under /admin. */
export function at<P extends Path>(scope: Scope, path: P): P {
  return (scope === 'every' ? `/admin${path}` : path) as P
}

/** pageOf is where an endpoint's page is, and listOf where the list is that it is in. */
export const pageOf = (scope: Scope, id: string, tab?: string) =>
  `${listOf(scope)}/${id}${tab ? `/${tab}` : ''}`
export const listOf = (scope: Scope) => (scope === 'every' ? '/admin/endpoints' : '/endpoints')

/** byId is what the API's calls for one endpoint are given. */
export const byId = (id: string) => ({ params: { path: { id } } })

/** endpointKey is where the cache has an endpoint. */
export const endpointKey = (scope: Scope, id: string) =>
  api.queryOptions('get', at(scope, '/endpoints/{id}'), byId(id)).queryKey
