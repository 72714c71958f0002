// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Empty, Table } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { useMe } from '@/app/session'
import { useFormat } from '@/components/format'
import { Time } from '@/components/time'

import { EndSession } from './end-session'
import { fullName } from './names'

/** SessionsTable has a line for each session that goes on. `every`: also other accounts', for administrators. */
export function SessionsTable({ sessions, every }: { sessions: Schema<'Session'>[]; every?: boolean }) {
  const { t } = useTranslation('tunnels')
  const format = useFormat()
  const mine = useMe()?.user.name
  return (
    <Table
      aria-label={t('sessions.live')}
      rowKey="id"
      dataSource={sessions}
      pagination={false}
      size="middle"
      scroll={{ x: 'max-content' }}
      className="numbers"
      locale={{
        emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('sessions.none')} />,
      }}
      columns={[
        { title: t('sessions.visitor'), render: (_, s) => fullName(s.visitor_owner, s.visitor, mine) },
        {
          title: t('sessions.service'),
          render: (_, s) => `${fullName(s.provider_owner, s.provider, mine)}/${s.service}`,
        },
        { title: t('sessions.status'), render: (_, s) => t(`sessions.${s.status}`) },
        { title: t('sessions.encryption'), render: (_, s) => t(`sessions.${s.mode}`) },
        { title: t('sessions.channels'), render: (_, s) => format.number(s.channels), align: 'right' },
        { title: t('sessions.up'), render: (_, s) => format.bytes(s.bytes_up), align: 'right' },
        { title: t('sessions.down'), render: (_, s) => format.bytes(s.bytes_down), align: 'right' },
        { title: t('sessions.since'), render: (_, s) => <Time at={s.created_at} /> },
        {
          title: <span className="sr-only">{t('actions')}</span>,
          align: 'right',
          render: (_, s) => <EndSession session={s} every={every} />,
        },
      ]}
    />
  )
}
