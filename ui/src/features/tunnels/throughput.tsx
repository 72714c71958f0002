// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { ChartPanel } from '@/components/chart-panel'
import { useLiveSeries } from '@/live/context'
import { span } from '@/live/store'

/** Throughput draws what the account's tunnels carried in the seconds of the last five minutes. */
export function Throughput() {
  const { t } = useTranslation('tunnels')
  const seconds = useLiveSeries()
  const last = seconds.at(-1)?.time
  const [times, series] = useMemo(
    () => [
      seconds.map((s) => s.time),
      [
        {
          label: t('overview.throughput'),
          values: seconds.map((s) => s.tunnelBytes),
          unit: 'byteRate' as const,
        },
      ],
    ],
    [seconds, t],
  )
  return (
    <ChartPanel
      label={t('overview.chart')}
      times={times}
      series={series}
      step={1}
      range={last === undefined ? undefined : [last - span, last]}
      height={160}
    />
  )
}
