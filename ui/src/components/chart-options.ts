// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { GlobalToken } from 'antd'
import type uPlot from 'uplot'

import { look, timeLabel, write, type Series, type Unit } from './chart-data'
import type { Format } from './format'

export type ChartLook = {
  token: GlobalToken
  format: Format
  language: string
  width: number
  height: number
}

/** least is the smallest step of an axis that its labels, with one digit after the point, can tell. */
const least: Record<Unit, number> = { number: 1, bytes: 1, byteRate: 1, rate: 0.1, percent: 0.01 }

const steps = (unit: Unit) =>
  Array.from({ length: 16 }, (_, i) => [1, 2, 5].map((n) => n * least[unit] * 10 ** i)).flat()

/** chartOptions is what uPlot is told. Each unit has an axis of its own, the first on the left. */
export function chartOptions(
  series: readonly Pick<Series, 'label' | 'unit'>[],
  { token, format, language, width, height }: ChartLook,
  onHover: (place: number | null) => void,
): uPlot.Options {
  const font = `12px ${token.fontFamily}`
  const axis = {
    font,
    stroke: token.colorTextSecondary,
    grid: { stroke: token.colorSplit, width: 1 },
    ticks: { stroke: token.colorSplit, width: 1 },
  }
  const units = [...new Set(series.map((s) => s.unit))]
  const fromZero = (_u: uPlot, _min: number, max: number): [number, number] => [0, max > 0 ? max * 1.1 : 1]
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: {
      x: { time: true },
      ...Object.fromEntries(units.map((unit) => [unit, { range: fromZero }])),
    },
    axes: [
      {
        ...axis,
        values: (_u, splits, _axis, _space, step) => splits.map(timeLabel(language, step)),
      },
      ...units.map((unit, i): uPlot.Axis => ({
        ...axis,
        scale: unit,
        incrs: steps(unit),
        side: i === 0 ? 3 : 1,
        grid: { ...axis.grid, show: i === 0 },
        values: (_u, splits) => splits.map((n) => write(format, unit, n)),
        size: (_u, labels) => 16 + 7 * Math.max(4, ...(labels ?? []).map((l) => l.length)),
      })),
    ],
    series: [
      {},
      ...series.map((s, i): uPlot.Series => ({
        label: s.label,
        scale: s.unit,
        stroke: look(i).colour,
        dash: look(i).dash,
        width: 2,
        spanGaps: false,
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [(u) => onHover(u.cursor.idx ?? null)] },
  }
}
