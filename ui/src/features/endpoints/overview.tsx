// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Card, Descriptions, Flex } from 'antd'
import { useTranslation } from 'react-i18next'

import { useFormat } from '@/components/format'
import { Time } from '@/components/time'

import { LiveCharts } from './live-charts'
import type { PartProps } from './scope'

/** Overview shows the last minutes of an endpoint, and what it has done in all. */
export function Overview({ endpoint, scope }: PartProps) {
  const { t } = useTranslation(['endpoints', 'common'])
  const format = useFormat()
  const { stats } = endpoint
  const items = [
    ['created', <Time key="t" at={endpoint.created_at} />],
    ['active', <Time key="t" at={endpoint.last_active_at} none={t('common:never')} />],
    ['total_connections', format.number(stats.total_connections)],
    ['total_in', `${format.number(stats.messages_in)} · ${format.bytes(stats.bytes_in)}`],
    ['total_out', `${format.number(stats.messages_out)} · ${format.bytes(stats.bytes_out)}`],
    ['total_dropped', format.number(stats.dropped)],
  ] as const
  return (
    <Flex vertical gap="middle">
      <LiveCharts endpoint={endpoint} scope={scope} show={['messages', 'connections']} />
      <Card size="small">
        <Descriptions
          column={{ xs: 1, sm: 2, xl: 3 }}
          items={items.map(([key, children]) => ({ key, label: t(`facts.${key}`), children }))}
        />
      </Card>
    </Flex>
  )
}
