// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { makeFormat } from '@/components/format'

/** One for all rows of a language: to make a formatter takes longer than to show a row. */
const made = new Map<string, ReturnType<typeof make>>()

/** useRowFormat returns what puts the numbers of a row into words. */
export function useRowFormat() {
  const { language } = useTranslation().i18n
  return useMemo(() => {
    const format = made.get(language) ?? make(language)
    made.set(language, format)
    return format
  }, [language])
}

function make(language: string) {
  const time = new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
  })
  const unit = (name: string) =>
    new Intl.NumberFormat(language, {
      style: 'unit',
      unit: name,
      unitDisplay: 'narrow',
      signDisplay: 'always',
      maximumFractionDigits: 1,
    })
  const [ms, seconds] = [unit('millisecond'), unit('second')]
  return {
    time: (at: number) => time.format(at),
    delta: (d: number) => (d < 1000 ? ms.format(Math.max(0, d)) : seconds.format(d / 1000)),
    size: makeFormat(language).bytes,
  }
}
