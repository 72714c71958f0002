// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { Button, Popconfirm, Table } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { Time } from '@/components/time'
import { useFail } from '@/components/use-fail'

type Grant = Schema<'Grant'>

/** GrantsTable lists grants that were given, and can be withdrawn, or those that were received. */
export function GrantsTable({ grants, given = false }: { grants: Grant[]; given?: boolean }) {
  const { t } = useTranslation('tunnels')
  return (
    <Table<Grant>
      aria-label={t(given ? 'grants.given' : 'grants.received')}
      rowKey="id"
      dataSource={grants}
      pagination={false}
      size="middle"
      scroll={{ x: 'max-content' }}
      locale={{ emptyText: t(given ? 'grants.none_given' : 'grants.none_received') }}
      columns={[
        given
          ? { title: t('grants.grantee'), dataIndex: 'grantee' }
          : { title: t('grants.owner'), dataIndex: 'owner' },
        { title: t('grants.client'), render: (_, g) => (given ? g.client : `${g.owner}/${g.client}`) },
        { title: t('grants.service'), dataIndex: 'service' },
        { title: t('grants.since'), render: (_, g) => <Time at={g.created_at} /> },
        ...(given
          ? [
              {
                title: <span className="sr-only">{t('actions')}</span>,
                align: 'right' as const,
                render: (_: unknown, g: Grant) => <Withdraw grant={g} />,
              },
            ]
          : []),
      ]}
    />
  )
}

function Withdraw({ grant }: { grant: Grant }) {
  const { t } = useTranslation('tunnels')
  const client = useQueryClient()
  const fail = useFail()
  const withdraw = api.useMutation('delete', '/grants/{id}', {
    onError: fail,
    onSettled: () => invalidate(client, '/grants', '/services'),
  })
  return (
    <Popconfirm
      title={t('grants.withdraw_title', grant)}
      description={t('grants.withdraw_text')}
      okText={t('grants.withdraw')}
      onConfirm={() => withdraw.mutate({ params: { path: { id: grant.id } } })}
    >
      <Button size="small" loading={withdraw.isPending} aria-label={t('grants.withdraw_of', grant)}>
        {t('grants.withdraw')}
      </Button>
    </Popconfirm>
  )
}
