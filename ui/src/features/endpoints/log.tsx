// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { LoginOutlined, LogoutOutlined } from '@ant-design/icons'
import { Flex, Table, Tag, Typography, type TableProps } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { EmptyState } from '@/components/empty-state'
import { ErrorAlert } from '@/components/errors'
import { useFormat } from '@/components/format'
import { More } from '@/components/more'
import { items, pageParams } from '@/components/pages'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { Time } from '@/components/time'

import { at, byId, type PartProps } from './scope'
import { explain } from './why'

type Event = Schema<'ConnectionEvent'>

const each = 10_000

/** Log tells in plain words who connected and why connections ended, newest first. */
export function Log({ endpoint, scope }: PartProps) {
  const { t } = useTranslation('endpoints')
  const query = api.useInfiniteQuery('get', at(scope, '/endpoints/{id}/log'), byId(endpoint.id), {
    ...pageParams,
    // Only while the newest are shown: nobody's place moves who reads further back.
    refetchInterval: (q) => (q.state.data && q.state.data.pages.length > 1 ? false : each),
  })
  const columns = useColumns()
  if (query.isPending) return <ScreenSkeleton />
  const rows = items(query.data)
  return (
    <Flex vertical gap="middle">
      {query.error && <ErrorAlert error={query.error} onRetry={() => void query.refetch()} />}
      {rows.length > 0 ? (
        <Table<Event>
          aria-label={t('tabs.log')}
          rowKey={(e) => `${e.connection} ${e.event} ${e.time}`}
          size="small"
          dataSource={rows}
          columns={columns}
          pagination={false}
          scroll={{ x: 'max-content' }}
        />
      ) : (
        !query.error && <EmptyState title={t('log.empty')} text={t('log.empty_text')} />
      )}
      <More query={query} />
    </Flex>
  )
}

function useColumns(): TableProps<Event>['columns'] {
  const { t } = useTranslation('endpoints')
  const format = useFormat()
  const number = { align: 'right', className: 'numbers' } as const
  const ended = (e: Event, text: () => string) => (e.event === 'disconnected' ? text() : '')
  return [
    { title: t('log.time'), dataIndex: 'time', render: (time: string) => <Time at={time} /> },
    { title: t('connections.address'), dataIndex: 'address', className: 'mono' },
    { title: t('log.event'), key: 'event', render: (_, e) => <What event={e} /> },
    {
      title: t('log.duration'),
      key: 'duration',
      ...number,
      render: (_, e) => ended(e, () => format.duration(e.seconds ?? 0)),
    },
    {
      title: t('log.messages'),
      key: 'messages',
      ...number,
      render: (_, e) =>
        ended(e, () => `${format.number(e.messages_in ?? 0)} / ${format.number(e.messages_out ?? 0)}`),
    },
    {
      title: t('log.dropped'),
      key: 'dropped',
      ...number,
      render: (_, e) => ended(e, () => format.number(e.dropped ?? 0)),
    },
  ]
}

function What({ event: e }: { event: Event }) {
  const { t } = useTranslation('endpoints')
  const format = useFormat()
  if (e.event === 'connected') {
    return (
      <Flex gap={8}>
        <LoginOutlined aria-hidden />
        {t('log.connected')}
      </Flex>
    )
  }
  const { why, values } = explain(e.code ?? 0, e.reason ?? '', format)
  return (
    <Flex gap={8} align="baseline" style={{ maxWidth: 'min(560px, 60vw)', whiteSpace: 'normal' }}>
      <LogoutOutlined aria-hidden />
      <span>
        {t(`why.${why}`, values)}
        {values.said && (
          <>
            {' '}
            <Typography.Text type="secondary">{t('log.said', { text: values.said })}</Typography.Text>
          </>
        )}
      </span>
      {!!e.code && (
        <Tag className="numbers" aria-label={t('log.code', { code: e.code })}>
          {e.code}
        </Tag>
      )}
    </Flex>
  )
}
