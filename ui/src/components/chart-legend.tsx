// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, Typography } from 'antd'

import { look, write, type Series } from './chart-data'
import { useFormat } from './format'

/** ChartLegend names the lines of a chart, with their values where the pointer is, else the last ones. */
export function ChartLegend({
  series,
  time,
  place,
}: {
  series: readonly Series[]
  time?: number
  place: number
}) {
  const format = useFormat()
  return (
    <Flex gap="8px 20px" wrap align="center" className="numbers" style={{ minHeight: 22 }}>
      {series.map((s, i) => (
        <Flex key={s.label} gap={6} align="center">
          <svg width={24} height={8} aria-hidden="true">
            <line
              x1={0}
              x2={24}
              y1={4}
              y2={4}
              stroke={look(i).colour}
              strokeWidth={3}
              strokeDasharray={look(i).dash.join(' ')}
            />
          </svg>
          <span>{s.label}</span>
          <Typography.Text strong>{write(format, s.unit, s.values[place])}</Typography.Text>
        </Flex>
      ))}
      {time !== undefined && (
        <Typography.Text type="secondary">{format.time(new Date(time * 1000))}</Typography.Text>
      )}
    </Flex>
  )
}
