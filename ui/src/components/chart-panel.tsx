// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { lazy, Suspense, useState } from 'react'
import { Card, Flex, Skeleton, Switch, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import type { ChartProps } from './chart'
import { ChartTable } from './chart-table'

const Chart = lazy(() => import('./chart').then((m) => ({ default: m.Chart })))

/** ChartPanel is a chart with its title, and a switch that shows its numbers as a table instead. */
export function ChartPanel(props: ChartProps) {
  const { t } = useTranslation()
  const [asTable, setAsTable] = useState(false)
  const { label, height = 200 } = props
  return (
    <Card size="small">
      <Flex justify="space-between" align="center" gap="small" wrap style={{ marginBottom: 8 }}>
        <Typography.Title level={2} style={{ fontSize: 16, margin: 0 }}>
          {label}
        </Typography.Title>
        <Flex gap={8} align="center">
          <Switch
            size="small"
            checked={asTable}
            onChange={setAsTable}
            aria-label={t('chart.as_table_of', { label })}
          />
          <span aria-hidden="true">{t('chart.as_table')}</span>
        </Flex>
      </Flex>
      {asTable ? (
        <ChartTable {...props} />
      ) : (
        <Suspense fallback={<Skeleton.Node active style={{ width: '100%', height }} />}>
          <Chart {...props} />
        </Suspense>
      )}
    </Card>
  )
}
