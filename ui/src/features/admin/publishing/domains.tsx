// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { PlusOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { Part } from '@/components/part'
import { Time } from '@/components/time'
import { DropDomain } from '@/features/publishing/drop-domain'

import { ListTable } from '../list-table'
import { Owner } from '../owner'
import { AssignDomain } from './assign-domain'

/** Domains lists those of all accounts, gives them, and takes them away. */
export function Domains() {
  const { t } = useTranslation(['admin', 'publishing'])
  const [assigning, setAssigning] = useState(false)
  const query = api.useQuery('get', '/admin/domains')
  return (
    <Part
      title={t('publishing:tabs.domains')}
      actions={
        <Button icon={<PlusOutlined aria-hidden />} onClick={() => setAssigning(true)}>
          {t('publishing.assign')}
        </Button>
      }
    >
      <ListTable
        query={query}
        rows={query.data?.items ?? []}
        rowKey="name"
        label={t('publishing:tabs.domains')}
        columns={[
          {
            title: t('publishing:domains.name'),
            dataIndex: 'name',
            render: (name: string) => <span className="mono">{name}</span>,
          },
          { title: t('owner'), key: 'owner', render: (_, d) => <Owner id={d.owner_id} name={d.owner} /> },
          {
            title: t('publishing:domains.proof'),
            key: 'proof',
            render: (_, d) => t(`publishing:domains.proofs.${d.proof}`),
          },
          {
            title: t('publishing:domains.since'),
            key: 'since',
            render: (_, d) => <Time at={d.created_at} />,
          },
          { title: t('actions'), key: 'actions', render: (_, d) => <DropDomain name={d.name} every /> },
        ]}
        empty={<EmptyState title={t('publishing.no_domains')} />}
      />
      <AssignDomain open={assigning} onClose={() => setAssigning(false)} />
    </Part>
  )
}
