// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Flex, Segmented } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { ChartPanel } from '@/components/chart-panel'
import { ErrorAlert } from '@/components/errors'
import { everyPoint } from '@/components/history'
import { Part } from '@/components/part'
import { ScreenSkeleton } from '@/components/screen-skeleton'

const hour = 3600

const spans = {
  day: { resolution: 'minute', seconds: 24 * hour, step: 60 },
  quarter: { resolution: 'hour', seconds: 90 * 24 * hour, step: hour },
} as const

/** A span and when it ends, so that it is the same one until another is chosen. */
type Chosen = { span: keyof typeof spans; to: number }

/** UserHistory shows an account's traffic over time. */
export function UserHistory({ id }: { id: number }) {
  const { t } = useTranslation('admin')
  const [{ span, to }, choose] = useState<Chosen>(() => ({ span: 'day', to: Date.now() / 1000 }))
  const { resolution, seconds } = spans[span]
  const iso = (s: number) => new Date(s * 1000).toISOString()
  const query = api.useQuery('get', '/admin/users/{id}/history', {
    params: { path: { id }, query: { resolution, from: iso(to - seconds), to: iso(to) } },
  })
  return (
    <Part title={t('users.history')}>
      <Flex vertical gap="small">
        <Segmented
          aria-label={t('users.history_span')}
          value={span}
          onChange={(value) => choose({ span: value, to: Date.now() / 1000 })}
          options={[
            { value: 'day' as const, label: t('users.history_day') },
            { value: 'quarter' as const, label: t('users.history_quarter') },
          ]}
        />
        {query.error && <ErrorAlert error={query.error} onRetry={() => void query.refetch()} />}
        {query.isPending && <ScreenSkeleton />}
        {query.data && (
          <Traffic points={query.data.items ?? []} range={[to - seconds, to]} step={spans[span].step} />
        )}
      </Flex>
    </Part>
  )
}

function Traffic({
  points: known,
  range,
  step,
}: {
  points: Schema<'Point'>[]
  range: [number, number]
  step: number
}) {
  const { t } = useTranslation('admin')
  const { times, points } = everyPoint(known, step, range)
  const common = { times, range, step, height: 160 }
  return (
    <>
      <ChartPanel
        {...common}
        label={t('users.history_bytes')}
        series={[
          { label: t('load.in'), values: points.map((p) => p.bytes_in), unit: 'bytes' },
          { label: t('load.out'), values: points.map((p) => p.bytes_out), unit: 'bytes' },
        ]}
      />
      <ChartPanel
        {...common}
        label={t('users.history_peak')}
        series={[{ label: t('load.connections'), values: points.map((p) => p.peak), unit: 'number' }]}
      />
    </>
  )
}
