// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'

import { api, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { refreshEach } from '@/features/tunnels/names'

/** Which names a public name or port: one's own, or with its owner's id any, for administrators. */
export type Which = { name: string; owner?: number }

export type Publication = Schema<'Publication'>
export type Access = Schema<'AccessInBody'>

export type Tab = 'requests' | 'access'

/** screenOf is where a name is looked at. It ends in the tab, since the gateway takes a path with a dot at its end for a file. */
export const screenOf = ({ name, owner }: Which, tab: Tab) =>
  `${owner === undefined ? '/publishing/names' : `/admin/publishing/${owner}`}/${encodeURIComponent(name)}/${tab}`

/** isWebsite tells websites from ports, which can only be limited by addresses. */
export const isWebsite = ({ kind }: Publication) => kind === 'label' || kind === 'domain'

const most = 200

/** usePublication fetches a name, again and again. Of several services that want it, it is that which has it. */
export function usePublication({ name, owner }: Which) {
  const init = { params: { query: { search: name, limit: most } } }
  const often = { refetchInterval: refreshEach }
  const own = api.useQuery('get', '/published', init, { ...often, enabled: owner === undefined })
  const any = api.useQuery('get', '/admin/published', init, { ...often, enabled: owner !== undefined })
  const list = owner === undefined ? own : any
  const found = list.data?.items?.filter(
    (p) => p.name === name && (owner === undefined || p.owner_id === owner),
  )
  return { ...list, publication: found?.find((p) => p.status !== 'refused') ?? found?.[0] }
}

/** requestsEach is how often the requests of a name are fetched anew while they are looked at. */
const requestsEach = 2000

/** usePublicRequests fetches the latest requests to a website, again and again unless it is told to rest. */
export function usePublicRequests({ name, owner }: Which, rest: boolean) {
  const own = api.useQuery(
    'get',
    '/published/{name}/requests',
    { params: { path: { name } } },
    { refetchInterval: requestsEach, enabled: owner === undefined && !rest },
  )
  const any = api.useQuery(
    'get',
    '/admin/published/{owner}/{name}/requests',
    { params: { path: { owner: owner ?? 0, name } } },
    { refetchInterval: requestsEach, enabled: owner !== undefined && !rest },
  )
  return owner === undefined ? own : any
}

/** useSetAccess returns what says who may come to a name, and has fetched what is shown of it. */
export function useSetAccess({ name, owner }: Which) {
  const client = useQueryClient()
  const own = api.useMutation('put', '/published/{name}/access')
  const any = api.useMutation('put', '/admin/published/{owner}/{name}/access')
  return async (body: Access) => {
    if (owner === undefined) await own.mutateAsync({ params: { path: { name } }, body })
    else await any.mutateAsync({ params: { path: { owner, name } }, body })
    await invalidate(client, '/published', '/admin/published')
  }
}
