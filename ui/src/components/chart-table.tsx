// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useMemo } from 'react'
import { Table } from 'antd'
import { useTranslation } from 'react-i18next'

import type { ChartProps } from './chart'
import { write } from './chart-data'
import { useFormat } from './format'
import { useThrottled } from './use-throttled'

/** How often live numbers change here: each change moves the rows that somebody reads. */
const each = 10_000

/** ChartTable shows the numbers of a chart, newest first, for who cannot see lines or wants them exactly. */
export function ChartTable(props: ChartProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { times, series } = useThrottled(props, each)
  const rows = useMemo(() => times.map((time, i) => ({ time, i })).reverse(), [times])
  return (
    <Table
      aria-label={props.label}
      size="small"
      rowKey="time"
      dataSource={rows}
      scroll={{ x: 'max-content' }}
      pagination={{ pageSize: 12, showSizeChanger: false, hideOnSinglePage: true, size: 'small' }}
      columns={[
        { title: t('chart.time'), dataIndex: 'time', render: (s: number) => format.time(new Date(s * 1000)) },
        ...series.map((s) => ({
          title: s.label,
          key: s.label,
          align: 'right' as const,
          className: 'numbers',
          render: (_: unknown, row: { i: number }) => write(format, s.unit, s.values[row.i]),
        })),
      ]}
    />
  )
}
