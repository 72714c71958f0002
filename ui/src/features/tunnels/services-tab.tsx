// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Table } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { ErrorAlert } from '@/components/errors'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { AddLink } from './add-link'
import { ConnectLine } from './connect-line'
import { Status } from './status'

type Service = Schema<'Service'>

/** ServicesTab lists what can be connected to, the account's own and what others share, and says how. */
export function ServicesTab() {
  const { t } = useTranslation('tunnels')
  const list = api.useQuery('get', '/services')
  if (list.error) return <ErrorAlert error={list.error} onRetry={() => void list.refetch()} />
  if (list.isPending) return <ScreenSkeleton />
  if (!list.data.items?.length) {
    return <EmptyState title={t('services.empty')} text={t('services.empty_text')} action={<AddLink />} />
  }
  return (
    <Table<Service>
      aria-label={t('tabs.services')}
      rowKey={(s) => `${s.client}/${s.id}`}
      dataSource={list.data.items}
      pagination={false}
      size="middle"
      scroll={{ x: 'max-content' }}
      expandable={{
        expandedRowRender: (s) => <ConnectLine client={s.client} service={s.id} protocol={s.protocol} />,
        fixed: true, // keeps what is opened as wide as the screen
        columnTitle: <span className="sr-only">{t('services.how')}</span>,
      }}
      columns={[
        { title: t('services.name'), dataIndex: 'id' },
        { title: t('services.client'), dataIndex: 'client' },
        { title: t('services.protocol'), dataIndex: 'protocol' },
        {
          title: t('services.status'),
          dataIndex: 'status',
          render: (status: Service['status']) => <Status status={status} />,
        },
        {
          title: t('services.whose'),
          render: (_, s) => (s.granted ? t('services.granted', { owner: s.owner }) : t('services.own')),
        },
        { title: t('services.description'), dataIndex: 'description', render: (d?: string) => d || '–' },
      ]}
    />
  )
}
