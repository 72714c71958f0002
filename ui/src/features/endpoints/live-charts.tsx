// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { ChartPanel } from '@/components/chart-panel'
import { useLiveEndpointSeries, useLiveSeries } from '@/live/context'
import { span, type Sample } from '@/live/store'

import { Grid } from './grid'
import type { PartProps } from './scope'

type What = 'messages' | 'bytes' | 'connections' | 'dropped'

/** LiveCharts draw the last five minutes of an endpoint. */
export function LiveCharts({ endpoint, scope, show }: PartProps & { show: readonly What[] }) {
  const { t } = useTranslation('endpoints')
  const samples = useSamples({ endpoint, scope })
  const times = useMemo(() => samples.map((s) => s.time), [samples])
  const range = useMemo(() => {
    const last = times.at(-1)
    return last === undefined ? undefined : ([last - span, last] as const)
  }, [times])
  const charts = useMemo(() => {
    const line = (label: string, unit: 'rate' | 'byteRate' | 'number', value: (s: Sample) => number) => ({
      label,
      unit,
      values: samples.map((s) => (s.known ? value(s) : null)),
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

const silence: Pick<Sample, 'rates' | 'connections' | 'tunnelBytes'> = {
  rates: { messages_in: 0, messages_out: 0, bytes_in: 0, bytes_out: 0, dropped: 0 },
  connections: 0,
  tunnelBytes: 0,
}

/**
 * useSamples returns the endpoint's seconds. The stream has only the busiest
 * endpoints: of one that it leaves out nothing is known, unless nobody is connected.
 */
function useSamples({ endpoint: { id, stats }, scope }: PartProps): (Sample & { known: boolean })[] {
  const all = useLiveSeries(scope)
  const own = useLiveEndpointSeries(id, scope)
  const silent = stats.connections === 0
  return useMemo(() => {
    const byTime = new Map(own.map((s) => [s.time, s]))
    return all.map(({ time }) => {
      const sample = byTime.get(time)
      return sample ? { ...sample, known: true } : { ...silence, time, known: silent }
    })
  }, [all, own, silent])
}
