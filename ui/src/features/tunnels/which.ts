// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { api } from '@/api/client'

import { refreshEach } from './names'

/** Which names a client: one's own, or with its owner's id any, for administrators. */
export type Which = { name: string; owner?: number }

/** useClient fetches a client, and its numbers again and again, until it is about to go (`leaving`). */
export function useClient({ name, owner }: Which, leaving: boolean) {
  const often = { refetchInterval: refreshEach }
  const own = api.useQuery(
    'get',
    '/clients/{name}',
    { params: { path: { name } } },
    { ...often, enabled: !leaving && owner === undefined },
  )
  const any = api.useQuery(
    'get',
    '/admin/clients/{owner}/{name}',
    { params: { path: { owner: owner ?? 0, name } } },
    { ...often, enabled: !leaving && owner !== undefined },
  )
  return owner === undefined ? own : any
}

/** useStreams fetches what a client has told of its streams, again and again, until it is about to go. */
export function useStreams({ name, owner }: Which, leaving: boolean) {
  const often = { refetchInterval: refreshEach }
  const own = api.useQuery(
    'get',
    '/clients/{name}/streams',
    { params: { path: { name } } },
    { ...often, enabled: !leaving && owner === undefined },
  )
  const any = api.useQuery(
    'get',
    '/admin/clients/{owner}/{name}/streams',
    { params: { path: { owner: owner ?? 0, name } } },
    { ...often, enabled: !leaving && owner !== undefined },
  )
  return owner === undefined ? own : any
}

type Then = {
  onMutate?: () => void
  onSuccess?: () => unknown
  onError: (error: unknown) => void
  onSettled?: () => unknown
}

/** useKick parts from a client, which may come back. */
export function useKick({ name, owner }: Which, then: Then) {
  const own = api.useMutation('post', '/clients/{name}/kick', then)
  const any = api.useMutation('post', '/admin/clients/{owner}/{name}/kick', then)
  return owner === undefined
    ? () => own.mutate({ params: { path: { name } } })
    : () => any.mutate({ params: { path: { owner, name } } })
}

/** useForgetKey has the next key that a client comes with be its own. */
export function useForgetKey({ name, owner }: Which, then: Then) {
  const own = api.useMutation('delete', '/clients/{name}/key', then)
  const any = api.useMutation('delete', '/admin/clients/{owner}/{name}/key', then)
  return owner === undefined
    ? () => own.mutate({ params: { path: { name } } })
    : () => any.mutate({ params: { path: { owner, name } } })
}

/** useRevoke takes the token of a client out of force, with all that goes on by it. */
export function useRevoke({ name, owner }: Which, then: Then) {
  const own = api.useMutation('delete', '/clients/{name}', then)
  const any = api.useMutation('delete', '/admin/clients/{owner}/{name}', then)
  return owner === undefined
    ? () => own.mutate({ params: { path: { name } } })
    : () => any.mutate({ params: { path: { owner, name } } })
}
