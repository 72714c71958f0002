// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { ChartPanel } from '@/components/chart-panel'
import { useLiveEndpointSeries } from '@/live/context'
import { span, type Sample } from '@/live/store'
import type { Scope } from '@/live/stream'

import { Grid } from './grid'

type What = 'messages' | 'bytes' | 'connections' | 'dropped'

/** LiveCharts draw the last five minutes of an endpoint. */
export function LiveCharts({ id, scope, show }: { id: string; scope: Scope; show: readonly What[] }) {
  const { t } = useTranslation('endpoints')
  const samples = useLiveEndpointSeries(id, scope)
  const times = useMemo(() => samples.map((s) => s.time), [samples])
  const range = useMemo(() => {
    const last = times.at(-1)
    return last === undefined ? undefined : ([last - span, last] as const)
  }, [times])
  const charts = useMemo(() => {
    const line = (label: string, unit: 'rate' | 'byteRate' | 'number', value: (s: Sample) => number) => ({
      label,
      unit,
      values: samples.map(value),
    })
    const from = t('charts.in')
    const to = t('charts.out')
    return {
      messages: [
        line(from, 'rate', (s) => s.rates.messages_in),
        line(to, 'rate', (s) => s.rates.messages_out),
      ],
      bytes: [
        line(from, 'byteRate', (s) => s.rates.bytes_in),
        line(to, 'byteRate', (s) => s.rates.bytes_out),
      ],
      connections: [line(t('charts.open'), 'number', (s) => s.connections)],
      dropped: [line(t('charts.dropped'), 'rate', (s) => s.rates.dropped)],
    }
  }, [samples, t])
  return (
    <Grid>
      {show.map((what) => (
        <ChartPanel
          key={what}
          label={t(`charts.${what}`)}
          series={charts[what]}
          times={times}
          step={1}
          range={range}
        />
      ))}
    </Grid>
  )
}
