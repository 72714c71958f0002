// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useMemo, useState } from 'react'
import { Flex, Segmented } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { ChartPanel } from '@/components/chart-panel'
import { ErrorAlert } from '@/components/errors'
import { everyPoint } from '@/components/history'
import { ScreenSkeleton } from '@/components/screen-skeleton'

const day = 86_400
const spans = {
  day: { resolution: 'minute', step: 60, seconds: day },
  quarter: { resolution: 'hour', step: 3600, seconds: 90 * day },
} as const

type Span = keyof typeof spans

/** ServiceHistory draws what went through a service, in a day or in 90 days. */
export function ServiceHistory({ client, service }: { client: string; service: string }) {
  const { t } = useTranslation('tunnels')
  const [{ chosen, at }, choose] = useState(() => ({ chosen: 'day' as Span, at: Date.now() }))
  const span = spans[chosen]
  const range = useMemo(() => {
    const now = Math.floor(at / 1000 / span.step) * span.step
    return [now - span.seconds, now + span.step] as const
  }, [span, at])
  const history = api.useQuery('get', '/clients/{name}/services/{service}/history', {
    params: {
      path: { name: client, service },
      query: { resolution: span.resolution, from: new Date(range[0] * 1000).toISOString() },
    },
  })
  const list = history.data?.items
  const [times, series] = useMemo(() => {
    const { times, points } = everyPoint(list ?? [], span.step, range)
    const line = (label: string, values: number[]) => ({ label, values, unit: 'bytes' as const })
    const bytesIn = points.map((p) => p.bytes_in)
    const bytesOut = points.map((p) => p.bytes_out)
    return [times, [line(t('client.bytes_in'), bytesIn), line(t('client.bytes_out'), bytesOut)]]
  }, [list, span.step, range, t])
  return (
    <Flex vertical gap="small">
      <Segmented<Span>
        aria-label={t('client.span')}
        value={chosen}
        onChange={(next) => choose({ chosen: next, at: Date.now() })}
        options={[
          { value: 'day', label: t('client.day') },
          { value: 'quarter', label: t('client.quarter') },
        ]}
        style={{ alignSelf: 'flex-start' }}
      />
      {history.error && <ErrorAlert error={history.error} onRetry={() => void history.refetch()} />}
      {history.isPending && <ScreenSkeleton rows={4} />}
      {list && (
        <ChartPanel
          label={t(`client.history_${chosen}`, { service })}
          times={times}
          series={series}
          step={span.step}
          range={range}
        />
      )}
    </Flex>
  )
}
