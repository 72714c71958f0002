// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react'
import { Card, Col, Row, Statistic } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { useFormat } from '@/components/format'
import { Time } from '@/components/time'

/** LoadNumbers shows the numbers of this moment. */
export function LoadNumbers({ load }: { load: Schema<'Load'> }) {
  const { t } = useTranslation('admin')
  const format = useFormat()
  const known = (n: number, text: string) => (n ? text : t('load.unknown'))
  const { rates } = load
  const numbers: [string, ReactNode][] = [
    [t('load.connections'), format.number(load.connections)],
    [t('load.endpoints'), format.number(load.endpoints)],
    [t('load.clients'), format.number(load.clients)],
    [t('load.sessions'), format.number(load.sessions)],
    [t('load.messages_in'), format.rate(rates.messages_in)],
    [t('load.messages_out'), format.rate(rates.messages_out)],
    [t('load.bytes_in'), format.byteRate(rates.bytes_in)],
    [t('load.bytes_out'), format.byteRate(rates.bytes_out)],
    [t('load.tunnel_bytes'), format.byteRate(load.tunnel_bytes)],
    [t('load.dropped'), format.rate(rates.dropped)],
    [t('load.cpu', { count: load.cores }), format.percent(load.cpu / load.cores)],
    [t('load.memory'), known(load.memory, format.bytes(load.memory))],
    [t('load.heap'), format.bytes(load.heap)],
    [t('load.goroutines'), format.number(load.goroutines)],
    [t('load.descriptors'), known(load.descriptors, format.number(load.descriptors))],
    [t('load.started'), <Time key="started" at={load.started_at} />],
  ]
  return (
    <Row gutter={[12, 12]}>
      {numbers.map(([label, value]) => (
        <Col key={label} xs={12} sm={8} lg={6}>
          <Card size="small" className="numbers" style={{ height: '100%' }}>
            <Statistic title={label} valueRender={() => value} styles={{ content: { fontSize: 20 } }} />
          </Card>
        </Col>
      ))}
    </Row>
  )
}
