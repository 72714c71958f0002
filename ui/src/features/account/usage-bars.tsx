// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Alert, Flex, Progress, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { useFormat } from '@/components/format'

type What = 'bytes' | 'endpoints' | 'clients' | 'connections'

/** UsageBars shows what an account has used of its limits. */
export function UsageBars({ usage }: { usage: Schema<'Usage'> }) {
  const { t, i18n } = useTranslation('account')
  const f = useFormat()
  const month = new Intl.DateTimeFormat(i18n.language, { month: 'long', year: 'numeric', timeZone: 'UTC' })
  const rows: { what: What; used: number; most: number; show: (n: number) => string }[] = [
    { what: 'bytes', used: usage.bytes, most: usage.monthly_bytes, show: f.bytes },
    { what: 'endpoints', used: usage.endpoints, most: usage.max_endpoints, show: f.number },
    { what: 'clients', used: usage.clients, most: usage.max_clients, show: f.number },
    { what: 'connections', used: usage.connections, most: usage.max_connections, show: f.number },
  ]
  return (
    <Flex vertical gap="middle" style={{ maxWidth: 560 }}>
      {usage.exceeded && <Alert type="error" showIcon title={t('usage.exceeded')} />}
      {usage.warned && !usage.exceeded && <Alert type="warning" showIcon title={t('usage.warned')} />}
      {rows.map(({ what, used, most, show }) => {
        const label = t(`usage.${what}`, { month: month.format(new Date(`${usage.month}-01`)) })
        return (
          <div key={what}>
            <Flex justify="space-between" gap="small" wrap>
              <Typography.Text>{label}</Typography.Text>
              <Typography.Text className="numbers">
                {most
                  ? t('usage.of', { used: show(used), most: show(most) })
                  : t('usage.no_limit', { used: show(used) })}
              </Typography.Text>
            </Flex>
            {most > 0 && (
              <Progress
                percent={Math.min(100, (100 * used) / most)}
                status={used >= most ? 'exception' : 'normal'}
                showInfo={false}
                aria-label={label}
              />
            )}
          </div>
        )
      })}
    </Flex>
  )
}
