// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react'
import { theme } from 'antd'
import { useTranslation } from 'react-i18next'
import uPlot from 'uplot'

import 'uplot/dist/uPlot.min.css'

import { withGaps, type Series } from './chart-data'
import { ChartLegend } from './chart-legend'
import { chartOptions } from './chart-options'
import { useFormat } from './format'

export type ChartProps = {
  series: readonly Series[]
  /** Unix seconds, ascending, one for each value */
  times: readonly number[]
  /** seconds between two points; where more are missing the lines have a gap */
  step?: number
  /** Unix seconds of the left and the right edge; else those of the points */
  range?: readonly [number, number]
  height?: number
  /** what it shows, for who does not see it */
  label: string
}

/**
 * Chart draws lines over time. It is loaded with the screens that have one: use
 * ChartPanel, which has a table of the same numbers too.
 */
export function Chart({ series, times, step, range, height = 200, label }: ChartProps) {
  const { i18n } = useTranslation()
  const { token } = theme.useToken()
  const format = useFormat()
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const [hovered, setHovered] = useState<number | null>(null)
  const data = useMemo(() => withGaps(times, series, step), [times, series, step])
  const [from, to] = range ?? []
  const shape = JSON.stringify(series.map(({ label, unit }) => ({ label, unit })))

  const fill = useEffectEvent((made: uPlot) => {
    made.setData(data, from === undefined)
    if (from !== undefined && to !== undefined) made.setScale('x', { min: from, max: to })
  })
  const make = useEffectEvent((target: HTMLElement) => {
    const look = { token, format, language: i18n.language, height, width: target.clientWidth }
    return new uPlot(chartOptions(series, look, setHovered), undefined, target)
  })
  // uPlot cannot change colours, lines or axes: it is made anew for them.
  useEffect(() => {
    const target = box.current!
    const made = make(target)
    fill(made)
    plot.current = made
    const sizes = new ResizeObserver(() => made.setSize({ width: target.clientWidth, height }))
    sizes.observe(target)
    return () => {
      sizes.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [shape, height, token, format])
  useEffect(() => {
    if (plot.current) fill(plot.current)
  }, [data, from, to])

  const place = hovered ?? data[0].length - 1
  const shown = series.map((s, i) => ({ ...s, values: data[i + 1] ?? [] }))
  return (
    <figure aria-label={label} style={{ margin: 0, minWidth: 0 }}>
      <div ref={box} role="img" aria-label={label} style={{ height, overflow: 'hidden' }} />
      <ChartLegend series={shown} place={place} time={hovered === null ? undefined : data[0][place]} />
    </figure>
  )
}
