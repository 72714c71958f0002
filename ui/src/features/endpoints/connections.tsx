// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { Button, Flex, Popconfirm, Table, Typography, type TableProps } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { EmptyState } from '@/components/empty-state'
import { ErrorAlert } from '@/components/errors'
import { useFormat } from '@/components/format'
import { More } from '@/components/more'
import { items, pageParams } from '@/components/pages'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { Time } from '@/components/time'
import { useFail } from '@/components/use-fail'

import { at, byId, type PartProps } from './scope'

type Connection = Schema<'Connection'>

const each = 5000

/** Connections lists who is connected to an endpoint now, and closes connections. */
export function Connections({ endpoint, scope }: PartProps) {
  const { t } = useTranslation('endpoints')
  const query = api.useInfiniteQuery('get', at(scope, '/endpoints/{id}/connections'), byId(endpoint.id), {
    ...pageParams,
    refetchInterval: each,
  })
  const columns = useColumns({ endpoint, scope })
  if (query.isPending) return <ScreenSkeleton />
  const rows = items(query.data)
  return (
    <Flex vertical gap="middle">
      <Typography.Text type="secondary">{t('connections.about')}</Typography.Text>
      {query.error && <ErrorAlert error={query.error} onRetry={() => void query.refetch()} />}
      {rows.length > 0 ? (
        <Table<Connection>
          aria-label={t('tabs.connections')}
          rowKey="id"
          size="small"
          dataSource={rows}
          columns={columns}
          pagination={false}
          scroll={{ x: 'max-content' }}
        />
      ) : (
        !query.error && <EmptyState title={t('connections.empty')} text={t('connections.empty_text')} />
      )}
      <More query={query} />
    </Flex>
  )
}

function useColumns(part: PartProps): TableProps<Connection>['columns'] {
  const { t } = useTranslation('endpoints')
  const format = useFormat()
  const number = { align: 'right', className: 'numbers' } as const
  const traffic = (messages: number, bytes: number) => `${format.number(messages)} · ${format.bytes(bytes)}`
  return [
    { title: t('connections.address'), dataIndex: 'address', className: 'mono' },
    { title: t('connections.since'), dataIndex: 'since', render: (since: string) => <Time at={since} /> },
    {
      title: t('connections.in'),
      key: 'in',
      ...number,
      render: (_, c) => traffic(c.messages_in, c.bytes_in),
    },
    {
      title: t('connections.out'),
      key: 'out',
      ...number,
      render: (_, c) => traffic(c.messages_out, c.bytes_out),
    },
    { title: t('connections.lag'), dataIndex: 'lag', ...number, render: format.number },
    {
      title: <span className="sr-only">{t('list.actions')}</span>,
      key: 'actions',
      align: 'right',
      render: (_, c) => <Kick connection={c} {...part} />,
    },
  ]
}

function Kick({ connection: c, endpoint, scope }: PartProps & { connection: Connection }) {
  const { t } = useTranslation('endpoints')
  const client = useQueryClient()
  const fail = useFail()
  const kick = api.useMutation('delete', at(scope, '/endpoints/{id}/connections/{connection}'))
  const run = () =>
    kick
      .mutateAsync({ params: { path: { id: endpoint.id, connection: c.id } } })
      .catch(fail)
      .finally(() => void invalidate(client, '/endpoints', '/admin/endpoints'))
  return (
    <Popconfirm
      title={t('connections.kick_title')}
      description={t('connections.kick_text')}
      okText={t('connections.kick')}
      okButtonProps={{ danger: true }}
      onConfirm={run}
    >
      <Button size="small" danger aria-label={t('connections.kick_label', { address: c.address })}>
        {t('connections.kick')}
      </Button>
    </Popconfirm>
  )
}
