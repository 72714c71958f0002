// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { ChartPanel } from '@/components/chart-panel'
import type { Unit } from '@/components/chart-data'
import { ErrorAlert } from '@/components/errors'
import { everyPoint } from '@/components/history'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { Grid } from './grid'
import { at, type PartProps } from './scope'

const minute = 60
const hour = 3600
const day = 24 * hour

const spans = {
  day: { resolution: 'minute', step: minute, seconds: day },
  quarter: { resolution: 'hour', step: hour, seconds: 90 * day },
} as const

/** HistoryCharts draw what an endpoint did in the last 24 hours, or 90 days. */
export function HistoryCharts({ endpoint, scope, span }: PartProps & { span: keyof typeof spans }) {
  const { resolution, step, seconds } = spans[span]
  const [from] = useState(() => Math.floor(Date.now() / 1000 / step) * step - seconds)
  const { data, error, refetch, dataUpdatedAt } = api.useQuery(
    'get',
    at(scope, '/endpoints/{id}/history'),
    {
      params: {
        path: { id: endpoint.id },
        query: { resolution, from: new Date(from * 1000).toISOString() },
      },
    },
    { refetchInterval: minute * 1000 },
  )
  if (error) return <ErrorAlert error={error} onRetry={() => void refetch()} />
  if (!data) return <ScreenSkeleton />
  return <Drawn points={data.items ?? []} step={step} from={from} to={dataUpdatedAt / 1000} />
}

const shown = ['messages', 'bytes', 'connections', 'dropped'] as const

type Point = Omit<Schema<'Point'>, 'start'>

function Drawn(props: { points: Schema<'Point'>[]; step: number; from: number; to: number }) {
  const { points: known, step, from, to } = props
  const { t } = useTranslation('endpoints')
  const range = useMemo(() => [from, to] as const, [from, to])
  const { times, points } = useMemo(() => everyPoint(known, step, range), [known, step, range])
  const charts = useMemo(() => {
    const line = (label: string, unit: Unit, value: (p: Point) => number) => ({
      label,
      unit,
      values: points.map(value),
    })
    const [cameIn, wentOut] = [t('charts.in'), t('charts.out')]
    return {
      messages: [
        line(cameIn, 'number', (p) => p.messages_in),
        line(wentOut, 'number', (p) => p.messages_out),
      ],
      bytes: [line(cameIn, 'bytes', (p) => p.bytes_in), line(wentOut, 'bytes', (p) => p.bytes_out)],
      connections: [
        line(t('charts.peak'), 'number', (p) => p.peak),
        line(t('charts.opened'), 'number', (p) => p.connections),
      ],
      dropped: [line(t('charts.dropped'), 'number', (p) => p.dropped)],
    }
  }, [points, t])
  return (
    <Grid>
      {shown.map((what) => (
        <ChartPanel
          key={what}
          label={t(`charts.${what}`)}
          series={charts[what]}
          times={times}
          step={step}
          range={range}
        />
      ))}
    </Grid>
  )
}
