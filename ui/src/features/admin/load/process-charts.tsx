// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Col } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { ChartPanel } from '@/components/chart-panel'

type Load = Schema<'Load'>

/** Five minutes, as of the live charts. */
const span = 150

/** ProcessCharts shows CPU and memory since the screen was opened: the gateway keeps no history of them. */
export function ProcessCharts({ load }: { load: Load }) {
  const { t } = useTranslation('admin')
  const [seen, setSeen] = useState<Load[]>([load])
  if (seen.at(-1)?.time !== load.time) setSeen([...seen, load].slice(-span))
  const times = seen.map((l) => Date.parse(l.time) / 1000)
  return (
    <>
      <Col xs={24} xl={12}>
        <ChartPanel
          label={t('load.chart_cpu')}
          times={times}
          step={2}
          series={[{ label: t('load.cpu_share'), values: seen.map((l) => l.cpu / l.cores), unit: 'percent' }]}
        />
      </Col>
      <Col xs={24} xl={12}>
        <ChartPanel
          label={t('load.chart_memory')}
          times={times}
          step={2}
          series={[
            { label: t('load.memory'), values: seen.map((l) => l.memory || null), unit: 'bytes' },
            { label: t('load.heap'), values: seen.map((l) => l.heap), unit: 'bytes' },
          ]}
        />
      </Col>
    </>
  )
}
