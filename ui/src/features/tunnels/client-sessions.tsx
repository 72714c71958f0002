// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { api, type Schema } from '@/api/client'
import { ErrorAlert } from '@/components/errors'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { refreshEach } from './names'
import { SessionsTable } from './sessions-table'

const most = 200

/** ClientSessions are those that a client has part in now, as either end. The API's lists are of accounts. */
export function ClientSessions({ client, every }: { client: Schema<'Client'>; every: boolean }) {
  const init = { params: { query: { limit: most } } }
  const own = api.useQuery('get', '/sessions', init, { refetchInterval: refreshEach, enabled: !every })
  const all = api.useQuery('get', '/admin/sessions', init, { refetchInterval: refreshEach, enabled: every })
  const list = every ? all : own
  if (list.error) return <ErrorAlert error={list.error} onRetry={() => void list.refetch()} />
  if (!list.data) return <ScreenSkeleton rows={3} />
  const { name, owner } = client
  const sessions = list.data.items?.filter(
    (s) =>
      (s.visitor === name && s.visitor_owner === owner) ||
      (s.provider === name && s.provider_owner === owner),
  )
  return <SessionsTable sessions={sessions ?? []} every={every} />
}
