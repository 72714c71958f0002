// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Empty, Table } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { ErrorAlert } from '@/components/errors'
import { useFormat } from '@/components/format'
import { More } from '@/components/more'
import { items, pageParams } from '@/components/pages'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { Time } from '@/components/time'

import { refreshEach } from './names'
import { reasonKey } from './reasons'

const lasted = (s: Schema<'PastSession'>) => (Date.parse(s.ended_at) - Date.parse(s.created_at)) / 1000

/** PastSessions are those that have ended, and why. */
export function PastSessions() {
  const { t } = useTranslation('tunnels')
  const format = useFormat()
  // The log is written a moment after a session has ended and the stream has told. Who reads on is left in peace.
  const list = api.useInfiniteQuery(
    'get',
    '/session-log',
    {},
    {
      ...pageParams,
      refetchInterval: (q) => (q.state.data && q.state.data.pages.length > 1 ? false : refreshEach),
    },
  )
  if (list.error) return <ErrorAlert error={list.error} onRetry={() => void list.refetch()} />
  if (list.isPending) return <ScreenSkeleton rows={3} />
  return (
    <>
      <Table
        aria-label={t('sessions.past')}
        rowKey="id"
        dataSource={items(list.data)}
        pagination={false}
        size="middle"
        scroll={{ x: 'max-content' }}
        className="numbers"
        locale={{
          emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('sessions.none_past')} />,
        }}
        columns={[
          { title: t('sessions.visitor'), dataIndex: 'visitor' },
          { title: t('sessions.service'), render: (_, s) => `${s.provider}/${s.service}` },
          {
            title: t('sessions.why'),
            render: (_, s) => t(`sessions.reason.${reasonKey(s.reason)}`, { reason: s.reason }),
          },
          { title: t('sessions.bytes'), render: (_, s) => format.bytes(s.bytes), align: 'right' },
          { title: t('sessions.lasted'), render: (_, s) => format.duration(lasted(s)), align: 'right' },
          { title: t('sessions.ended'), render: (_, s) => <Time at={s.ended_at} /> },
        ]}
      />
      <More query={list} />
    </>
  )
}
