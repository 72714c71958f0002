// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { Format } from './format'

/** Unit says how the numbers of a series are written. */
export type Unit = 'number' | 'rate' | 'bytes' | 'byteRate' | 'percent'

/** Series is a line of a chart. null is a gap. */
export type Series = { label: string; values: readonly (number | null)[]; unit: Unit }

/** Colours have a contrast of 3:1 at least on the backgrounds of both themes; dashes tell lines apart without them. */
const looks = [
  { colour: '#15907f', dash: [] },
  { colour: '#c2651b', dash: [8, 4] },
  { colour: '#8a63d2', dash: [2, 3] },
  { colour: '#c2447b', dash: [10, 3, 2, 3] },
  { colour: '#3f7fd6', dash: [4, 4] },
  { colour: '#7d8a1e', dash: [12, 3] },
]

/** look is how the series with this place in its chart is drawn. */
export const look = (place: number) => looks[place % looks.length]!

/** write puts a number of a series into words. */
export const write = (format: Format, unit: Unit, n: number | null | undefined) =>
  n === null || n === undefined ? '–' : format[unit](n)

/**
 * withGaps puts a gap wherever two points are further apart than `step` seconds
 * allow: nobody knows what was between them.
 */
export function withGaps(times: readonly number[], series: readonly Series[], step: number | undefined) {
  const at: number[] = []
  const values: (number | null)[][] = series.map(() => [])
  times.forEach((time, i) => {
    const before = times[i - 1]
    if (step && before !== undefined && time - before > 2.5 * step) {
      at.push(before + step)
      for (const v of values) v.push(null)
    }
    at.push(time)
    series.forEach((s, k) => values[k]!.push(s.values[i] ?? null))
  })
  return [at, ...values] as [number[], ...(number | null)[][]]
}

const day = 86_400
const minute = 60

/** timeLabel returns how times are written along an axis whose labels are `step` seconds apart. */
export function timeLabel(language: string, step: number) {
  const options: Intl.DateTimeFormatOptions =
    step >= day
      ? { month: 'short', day: 'numeric' }
      : { hour: '2-digit', minute: '2-digit', ...(step < minute && { second: '2-digit' }) }
  const f = new Intl.DateTimeFormat(language, { hourCycle: 'h23', ...options })
  return (seconds: number) => f.format(seconds * 1000)
}
