// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Badge, Card, Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { useFormat } from '@/components/format'
import { useThrottled } from '@/components/use-throttled'
import { useConnected, useLiveEndpoint } from '@/live/context'

import type { PartProps } from './scope'

/** How often the numbers are read out, at most. */
const spokenEach = 10_000

/** LiveStatus shows what happens on an endpoint in this second. */
export function LiveStatus({ endpoint, scope }: PartProps) {
  const { t } = useTranslation(['endpoints', 'common'])
  const format = useFormat()
  const live = useConnected(scope)
  const { connections, rates, dropped } = useLiveEndpoint(endpoint.id, scope) ?? endpoint.stats
  const numbers = [
    [t('status.clients'), format.number(connections)],
    [t('status.in'), format.rate(rates.messages_in)],
    [t('status.out'), format.rate(rates.messages_out)],
    [t('status.bytes'), format.byteRate(rates.bytes_in + rates.bytes_out)],
    [t('status.dropped'), format.number(dropped)],
  ] as const
  return (
    <Card size="small">
      <Flex justify="space-between" align="center" gap="small" wrap>
        <Flex component="dl" gap="8px 32px" wrap align="center" style={{ margin: 0 }}>
          {numbers.map(([label, value]) => (
            <Flex key={label} vertical style={{ minWidth: 96 }}>
              <dt>
                <Typography.Text type="secondary">{label}</Typography.Text>
              </dt>
              <dd style={{ margin: 0 }}>
                <Typography.Text strong className="numbers" style={{ fontSize: 20 }}>
                  {value}
                </Typography.Text>
              </dd>
            </Flex>
          ))}
        </Flex>
        <Badge
          status={live ? 'success' : 'default'}
          text={live ? t('common:live.on') : t('common:live.off')}
        />
      </Flex>
      <Spoken clients={connections} messages={rates.messages_in} />
    </Card>
  )
}

/** Spoken tells the numbers to who does not see them, seldom enough to be listened to. */
function Spoken({ clients, messages }: { clients: number; messages: number }) {
  const { t } = useTranslation('endpoints')
  const format = useFormat()
  const text = useThrottled(t('status.spoken', { count: clients, rate: format.rate(messages) }), spokenEach)
  return (
    <span className="sr-only" aria-live="polite">
      {text}
    </span>
  )
}
