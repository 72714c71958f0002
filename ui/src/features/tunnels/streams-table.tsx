// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Empty, Table, Tag } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { useFormat } from '@/components/format'
import { Time } from '@/components/time'

type Stream = Schema<'Stream'>

/** StreamsTable has a line for each connection of an application that goes through a client. */
export function StreamsTable({ streams }: { streams: Stream[] }) {
  const { t } = useTranslation('tunnels')
  const format = useFormat()
  return (
    <Table
      aria-label={t('client.streams')}
      rowKey="id"
      dataSource={streams}
      pagination={false}
      size="middle"
      scroll={{ x: 'max-content' }}
      className="numbers"
      locale={{
        emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('streams.none')} />,
      }}
      columns={[
        { title: t('streams.peer'), dataIndex: 'peer' },
        { title: t('streams.service'), dataIndex: 'service' },
        { title: t('streams.path'), render: (_, s) => <Path path={s.path} /> },
        { title: t('streams.age'), render: (_, s) => <Time at={s.begun_at} /> },
        { title: t('streams.bytes_in'), render: (_, s) => format.bytes(s.bytes_in), align: 'right' },
        { title: t('streams.bytes_out'), render: (_, s) => format.bytes(s.bytes_out), align: 'right' },
        {
          title: t('streams.unacknowledged'),
          render: (_, s) => format.bytes(s.unacknowledged),
          align: 'right',
        },
        { title: t('streams.resumptions'), render: (_, s) => format.number(s.resumptions), align: 'right' },
        { title: t('streams.fault'), render: (_, s) => <Fault stream={s} /> },
        { title: t('streams.latency'), render: (_, s) => <Millis n={s.latency} />, align: 'right' },
        { title: t('streams.leg'), render: (_, s) => <Millis n={s.leg} />, align: 'right' },
      ]}
    />
  )
}

/** Path names what carries a stream; a newer client may know more than relay and websocket. */
function Path({ path }: { path: string }) {
  const { t } = useTranslation('tunnels')
  if (!path) return <Tag color="warning">{t('streams.waiting')}</Tag>
  if (path === 'relay' || path === 'websocket') return <>{t(`streams.paths.${path}`)}</>
  return <>{path}</>
}

function Fault({ stream: s }: { stream: Stream }) {
  if (!s.last_fault) return <>–</>
  return (
    <>
      {s.last_fault} {s.fault_at && <Time at={s.fault_at} />}
    </>
  )
}

function Millis({ n }: { n: number | undefined }) {
  const format = useFormat()
  return <>{n ? format.millis(n) : '–'}</>
}
