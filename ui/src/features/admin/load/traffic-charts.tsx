// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Col } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Series } from '@/components/chart-data'
import { ChartPanel } from '@/components/chart-panel'
import { useLiveSeries } from '@/live/context'
import { span, type Sample } from '@/live/store'

/** TrafficCharts shows what went through the gateway in the last five minutes. */
export function TrafficCharts() {
  const { t } = useTranslation('admin')
  const samples = useLiveSeries('every')
  const times = samples.map((s) => s.time)
  const last = times.at(-1) ?? 0
  const range = times.length ? ([last - span, last] as const) : undefined
  const of = (value: (s: Sample) => number) => samples.map(value)
  const charts: { label: string; series: Series[]; wide?: boolean }[] = [
    {
      label: t('load.chart_messages'),
      series: [
        { label: t('load.in'), values: of((s) => s.rates.messages_in), unit: 'rate' },
        { label: t('load.out'), values: of((s) => s.rates.messages_out), unit: 'rate' },
      ],
    },
    {
      label: t('load.chart_bytes'),
      series: [
        { label: t('load.in'), values: of((s) => s.rates.bytes_in), unit: 'byteRate' },
        { label: t('load.out'), values: of((s) => s.rates.bytes_out), unit: 'byteRate' },
        { label: t('load.tunnels'), values: of((s) => s.tunnelBytes), unit: 'byteRate' },
      ],
    },
    {
      label: t('load.chart_connections'),
      series: [{ label: t('load.connections'), values: of((s) => s.connections), unit: 'number' }],
      wide: true,
    },
  ]
  return (
    <>
      {charts.map(({ wide, ...chart }) => (
        <Col key={chart.label} xs={24} xl={wide ? 24 : 12}>
          <ChartPanel {...chart} times={times} step={1} range={range} />
        </Col>
      ))}
    </>
  )
}
