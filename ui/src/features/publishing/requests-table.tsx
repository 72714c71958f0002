// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, Table, Tag } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { useFormat } from '@/components/format'
import { scrollByKeys } from '@/components/scroll-by-keys'

type Request = Schema<'PublicRequest'>

/** RequestsTable has a line for each request, newest first. */
export function RequestsTable({ requests }: { requests: Request[] }) {
  const { t } = useTranslation('publishing')
  const format = useFormat()
  const number = { align: 'right', className: 'numbers' } as const
  return (
    <Table<Request>
      ref={scrollByKeys}
      aria-label={t('tabs.requests')}
      rowKey="id"
      dataSource={requests}
      pagination={false}
      size="small"
      scroll={{ x: 'max-content' }}
      locale={{ emptyText: t('requests.none_found') }}
      columns={[
        {
          title: t('requests.time'),
          dataIndex: 'time',
          className: 'numbers',
          render: (time: string) => <time dateTime={time}>{format.clock(new Date(time))}</time>,
        },
        { title: t('requests.method'), dataIndex: 'method', render: mono },
        {
          title: t('requests.path'),
          dataIndex: 'path',
          render: (path: string) => <Path path={path} />,
        },
        { title: t('requests.status'), key: 'status', render: (_, r) => <RequestStatus request={r} /> },
        {
          title: t('requests.took'),
          key: 'took',
          ...number,
          render: (_, r) =>
            r.open ? t('requests.so_far', { time: format.took(r.seconds) }) : format.took(r.seconds),
        },
        {
          title: t('requests.bytes'),
          key: 'bytes',
          ...number,
          render: (_, r) => (r.open ? '–' : format.bytes(r.bytes_out)),
        },
        { title: t('requests.address'), dataIndex: 'address', render: mono },
        { title: t('requests.visitor'), dataIndex: 'visitor', render: (v?: string) => v ?? '–' },
      ]}
    />
  )
}

const mono = (text: string) => <span className="mono">{text}</span>

/** Path may be long, and without a place to break it. */
function Path({ path }: { path: string }) {
  return (
    <div
      className="mono"
      style={{ minWidth: 160, maxWidth: 'min(340px, 60vw)', whiteSpace: 'normal', overflowWrap: 'anywhere' }}
    >
      {path}
    </div>
  )
}

const colours = ['default', 'default', 'success', 'processing', 'warning', 'error']

function RequestStatus({ request: r }: { request: Request }) {
  const { t } = useTranslation('publishing')
  return (
    <Flex gap={4}>
      {r.status !== undefined && (
        <Tag className="numbers" color={colours[Math.floor(r.status / 100)]}>
          {r.status}
        </Tag>
      )}
      {r.open && <Tag>{t('requests.open')}</Tag>}
    </Flex>
  )
}
