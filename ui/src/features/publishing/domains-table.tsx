// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Table } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { scrollByKeys } from '@/components/scroll-by-keys'
import { Time } from '@/components/time'

import { DropDomain } from './drop-domain'

/** DomainsTable has a line for each of one's own domains. */
export function DomainsTable({ domains }: { domains: Schema<'Domain'>[] }) {
  const { t } = useTranslation('publishing')
  return (
    <Table
      ref={scrollByKeys}
      aria-label={t('tabs.domains')}
      rowKey="name"
      dataSource={domains}
      pagination={false}
      size="middle"
      scroll={{ x: 'max-content' }}
      columns={[
        {
          title: t('domains.name'),
          dataIndex: 'name',
          render: (name: string) => <span className="mono">{name}</span>,
        },
        { title: t('domains.proof'), key: 'proof', render: (_, d) => t(`domains.proofs.${d.proof}`) },
        { title: t('domains.since'), key: 'since', render: (_, d) => <Time at={d.created_at} /> },
        {
          title: <span className="sr-only">{t('actions')}</span>,
          key: 'actions',
          align: 'right',
          render: (_, d) => <DropDomain name={d.name} />,
        },
      ]}
    />
  )
}
