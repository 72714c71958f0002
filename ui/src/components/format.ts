// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next'

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const

/** useFormat returns how numbers, amounts and times are written in the language of the interface. */
export function useFormat() {
  const { i18n } = useTranslation()
  return formatOf(i18n.language)
}

// A formatter takes a tenth of a millisecond to make, and a table has hundreds of them.
const formats = new Map<string, Format>()

function formatOf(language: string): Format {
  const known = formats.get(language)
  if (known) return known
  const made = makeFormat(language)
  formats.set(language, made)
  return made
}

export type Format = ReturnType<typeof makeFormat>

/** duration is such as "1:02:03". */
function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60]
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`
}

/** makeFormat is useFormat outside of React. Amounts of bytes are in steps of 1,000. */
export function makeFormat(language: string) {
  const plain = new Intl.NumberFormat(language, { maximumFractionDigits: 1 })
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 })
  const amounts = units.map(
    (unit) =>
      new Intl.NumberFormat(language, {
        style: 'unit',
        unit,
        unitDisplay: 'short',
        maximumFractionDigits: 1,
      }),
  )
  const milli = new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'millisecond',
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  })
  const second = new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'second',
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  })
  const exact = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium' })
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' })
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const bytes = (n: number) => {
    const step = n < 1000 ? 0 : Math.min(Math.floor(Math.log10(n) / 3), units.length - 1)
    return amounts[step]!.format(n / 1000 ** step)
  }
  return {
    number: (n: number) => plain.format(n),
    bytes,
    /** per second */
    rate: (n: number) => `${plain.format(n)}/s`,
    byteRate: (n: number) => `${bytes(n)}/s`,
    millis: (n: number) => milli.format(n),
    percent: (n: number) => percent.format(n),
    time: (d: Date) => exact.format(d),
    clock: (d: Date) => clock.format(d),
    day: (d: Date) => day.format(d),
    /** such as "5 minutes ago" */
    ago: (d: Date, now = Date.now()) => {
      const seconds = (d.getTime() - now) / 1000
      for (const [unit, size] of [
        ['year', 31_536_000],
        ['month', 2_592_000],
        ['day', 86_400],
        ['hour', 3600],
        ['minute', 60],
      ] as const) {
        if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
      }
      return relative.format(Math.trunc(seconds), 'second')
    },
    duration,
    /** such as "12 ms", "3.4 sec" or "1:02" */
    took: (s: number) =>
      s < 1 ? milli.format(Math.round(s * 1000)) : s < 60 ? second.format(s) : duration(s),
  }
}
