// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Link } from 'react-router'

import { api, type Schema } from '@/api/client'

import { isWebsite, screenOf } from './which'

const most = 200

/** NameLink is a service's public address, which leads to the screen of its name. */
export function NameLink({
  client: { name, owner_id: owner },
  service: { id, url },
  every,
}: {
  client: Schema<'Client'>
  service: Schema<'ClientService'>
  every: boolean
}) {
  // All services of a client ask the same, which is asked once.
  const init = { params: { query: { search: `/${name}/`, limit: most } } }
  const own = api.useQuery('get', '/published', init, { enabled: !every })
  const any = api.useQuery('get', '/admin/published', init, { enabled: every })
  const p = (every ? any : own).data?.items?.find(
    (p) => p.owner_id === owner && p.client === name && p.service === id && p.url === url,
  )
  if (!p) return <>{url}</>
  const which = { name: p.name, owner: every ? owner : undefined }
  return <Link to={screenOf(which, isWebsite(p) ? 'requests' : 'access')}>{url}</Link>
}
