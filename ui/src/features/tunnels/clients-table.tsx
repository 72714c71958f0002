// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import type { Schema } from '@/api/client'
import { useFormat } from '@/components/format'
import { Time } from '@/components/time'

import { Status } from './status'

/** ClientsTable has a line for each client, which leads to its screen. */
export function ClientsTable({ clients }: { clients: Schema<'Client'>[] }) {
  const { t } = useTranslation('tunnels')
  const format = useFormat()
  return (
    <Table
      aria-label={t('tabs.clients')}
      rowKey="name"
      dataSource={clients}
      pagination={false}
      size="middle"
      scroll={{ x: 'max-content' }}
      className="numbers"
      locale={{ emptyText: t('clients.none_found') }}
      columns={[
        {
          title: t('clients.name'),
          dataIndex: 'name',
          render: (name: string) => <Link to={`/tunnels/clients/${encodeURIComponent(name)}`}>{name}</Link>,
        },
        {
          title: t('clients.status'),
          dataIndex: 'status',
          render: (status: 'online' | 'offline') => <Status status={status} />,
        },
        { title: t('clients.services'), render: (_, c) => format.number(c.services.length), align: 'right' },
        { title: t('clients.sessions'), render: (_, c) => format.number(c.sessions), align: 'right' },
        { title: t('clients.address'), render: (_, c) => c.address ?? '–' },
        { title: t('clients.bytes_in'), render: (_, c) => format.bytes(c.bytes_in), align: 'right' },
        { title: t('clients.bytes_out'), render: (_, c) => format.bytes(c.bytes_out), align: 'right' },
        {
          title: t('clients.last_seen'),
          render: (_, c) => (c.status === 'online' ? t('clients.now') : <Time at={c.last_seen_at} />),
        },
      ]}
    />
  )
}
