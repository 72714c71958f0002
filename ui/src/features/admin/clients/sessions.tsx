// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { ErrorAlert } from '@/components/errors'
import { useFormat } from '@/components/format'
import { More } from '@/components/more'
import { items, pageParams } from '@/components/pages'
import { Part } from '@/components/part'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { Time } from '@/components/time'
import { refreshEach } from '@/features/tunnels/names'
import { reasonKey } from '@/features/tunnels/reasons'
import { SessionsTable } from '@/features/tunnels/sessions-table'

import { ListTable } from '../list-table'

/** RunningSessions are those that go on now, of all accounts. */
export function RunningSessions() {
  const { t } = useTranslation('admin')
  const query = api.useInfiniteQuery(
    'get',
    '/admin/sessions',
    {},
    { ...pageParams, refetchInterval: refreshEach },
  )
  const running = items(query.data)
  return (
    <Part title={t('clients.running')}>
      {query.error && <ErrorAlert error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <ScreenSkeleton rows={3} />}
      {query.data &&
        (running.length ? (
          <SessionsTable sessions={running} every />
        ) : (
          <EmptyState title={t('clients.none_running')} />
        ))}
      <More query={query} />
    </Part>
  )
}

/** EndedSessions are those of the last while, and why each ended. */
export function EndedSessions() {
  const { t } = useTranslation(['admin', 'tunnels'])
  const format = useFormat()
  const query = api.useInfiniteQuery('get', '/admin/session-log', {}, pageParams)
  return (
    <Part title={t('clients.ended')}>
      <ListTable
        query={query}
        rows={items(query.data)}
        rowKey="id"
        label={t('clients.ended')}
        size="middle"
        empty={<EmptyState title={t('clients.none_ended')} />}
        columns={[
          { title: t('tunnels:sessions.visitor'), dataIndex: 'visitor' },
          {
            title: t('tunnels:sessions.service'),
            key: 'service',
            render: (_, s) => `${s.provider}/${s.service}`,
          },
          {
            title: t('tunnels:sessions.why'),
            key: 'why',
            render: (_, s) => t(`tunnels:sessions.reason.${reasonKey(s.reason)}`, { reason: s.reason }),
          },
          {
            title: t('tunnels:sessions.bytes'),
            key: 'bytes',
            align: 'right',
            className: 'numbers',
            render: (_, s) => format.bytes(s.bytes),
          },
          { title: t('tunnels:sessions.ended'), key: 'ended', render: (_, s) => <Time at={s.ended_at} /> },
        ]}
      />
    </Part>
  )
}
