// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Empty, Flex, Table } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { NameLink } from '@/features/publishing/name-link'

import { ConnectLine } from './connect-line'
import { ServiceHistory } from './service-history'

type Service = Schema<'ClientService'>

/**
 * ClientServices are what a client offers: how to connect to each, and what
 * went through it. The API has no traffic of other accounts' services.
 */
export function ClientServices({ client, every }: { client: Schema<'Client'>; every: boolean }) {
  const { t } = useTranslation('tunnels')
  if (!client.services?.length) {
    return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('client.no_services')} />
  }
  return (
    <Table<Service>
      aria-label={t('client.services')}
      rowKey="id"
      dataSource={client.services}
      pagination={false}
      size="middle"
      scroll={{ x: 'max-content' }}
      expandable={
        every
          ? undefined
          : {
              defaultExpandedRowKeys: client.services.slice(0, 1).map((s) => s.id),
              fixed: true, // keeps what is opened as wide as the screen
              columnTitle: <span className="sr-only">{t('services.how')}</span>,
              expandedRowRender: (s) => (
                <Flex vertical gap="middle">
                  <ConnectLine client={client.name} service={s.id} protocol={s.protocol} />
                  <ServiceHistory client={client.name} service={s.id} />
                </Flex>
              ),
            }
      }
      columns={[
        { title: t('services.name'), dataIndex: 'id' },
        { title: t('services.protocol'), dataIndex: 'protocol' },
        {
          title: t('services.local'),
          render: (_, s) => (s.local_port ? `${s.local_host || 'localhost'}:${s.local_port}` : '–'),
        },
        {
          title: t('services.url'),
          render: (_, s) => (s.url ? <NameLink client={client} service={s} every={every} /> : '–'),
        },
        { title: t('services.description'), render: (_, s) => s.description || '–' },
      ]}
    />
  )
}
