// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import createFetchClient, { type Middleware } from 'openapi-fetch'
import createClient from 'openapi-react-query'

import { ApiError } from './error'
import type { components, paths } from './schema'

/** Schema is an object of the API, by its name in the document: Schema<'Endpoint'>. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

/** lasting has deletions sent although the page is left, which is when some are (useUndo). */
const lasting: Middleware = {
  onRequest({ request }) {
    return request.method === 'DELETE' ? new Request(request, { keepalive: true }) : undefined
  },
}

/** failures turns each answer that is no success into an ApiError, and each answer that never came. */
const failures: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await ApiError.of(response)
    return undefined
  },
  onError({ error }) {
    return error instanceof ApiError ? error : ApiError.unreachable()
  },
}

/** fetcher calls the API outside of React: `await fetcher.GET('/auth/me')`. It throws ApiError. */
export const fetcher = createFetchClient<paths>({ baseUrl: '/api/v1' })
fetcher.use(lasting, failures)

/**
 * api is the one way in which components fetch and change things:
 * `api.useQuery('get', '/endpoints/{id}', { params: { path: { id } } })`,
 * `api.useMutation('post', '/endpoints')`. Keys of queries begin with
 * ['get', path], which is what `invalidate` (query.ts) takes.
 */
export const api = createClient(fetcher)

/** ifMatch is the header of a change that is based on this version of a thing. */
export const ifMatch = (version: number) => ({ 'If-Match': `"v${version}"` })
