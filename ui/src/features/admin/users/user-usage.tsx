// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, Progress, Skeleton, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { ErrorAlert } from '@/components/errors'
import { useFormat } from '@/components/format'
import { Part } from '@/components/part'

/** UserUsage shows what an account has used of what it may. */
export function UserUsage({ id }: { id: number }) {
  const { t } = useTranslation('admin')
  const query = api.useQuery('get', '/admin/users/{id}/usage', { params: { path: { id } } })
  const format = useFormat()
  const { data: u, error } = query
  return (
    <Part title={t('users.usage')}>
      {error && <ErrorAlert error={error} onRetry={() => void query.refetch()} />}
      {!u && !error && <Skeleton active title={false} />}
      {u && (
        <Flex vertical gap="small">
          <Bar
            label={t('limits.endpoints')}
            used={u.endpoints}
            most={u.max_endpoints}
            write={format.number}
          />
          <Bar label={t('limits.clients')} used={u.clients} most={u.max_clients} write={format.number} />
          <Bar
            label={t('limits.connections')}
            used={u.connections}
            most={u.max_connections}
            write={format.number}
          />
          <Bar
            label={t('users.traffic_of', { month: u.month })}
            used={u.bytes}
            most={u.monthly_bytes}
            write={format.bytes}
          />
          {u.exceeded && <Typography.Text type="danger">{t('users.exceeded')}</Typography.Text>}
        </Flex>
      )}
    </Part>
  )
}

function Bar({
  label,
  used,
  most,
  write,
}: {
  label: string
  used: number
  most: number
  write: (n: number) => string
}) {
  const { t } = useTranslation('admin')
  const text = most
    ? t('users.of', { used: write(used), most: write(most) })
    : t('users.of_any', { used: write(used) })
  return (
    <div>
      <Flex justify="space-between" gap="small" wrap className="numbers">
        <span>{label}</span>
        <span>{text}</span>
      </Flex>
      {most > 0 && (
        <Progress
          aria-label={label}
          percent={Math.min(100, (100 * used) / most)}
          status={used >= most ? 'exception' : 'normal'}
          showInfo={false}
          size="small"
        />
      )}
    </div>
  )
}
