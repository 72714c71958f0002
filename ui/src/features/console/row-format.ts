// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { makeFormat } from '@/components/format'

import type { Direction } from './messages'

export type RowFormat = ReturnType<typeof make>

/** useRowFormat returns what puts the parts of a row into words. It is made once for all rows of a list. */
export function useRowFormat(): RowFormat {
  const { t, i18n } = useTranslation('console')
  return useMemo(
    () => make(i18n.language, { received: t('row.received'), sent: t('row.sent') }),
    [i18n.language, t],
  )
}

function make(language: string, direction: Record<Direction, string>) {
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
    direction,
    time: (at: number) => time.format(at),
    delta: (d: number) => (d < 1000 ? ms.format(Math.max(0, d)) : seconds.format(d / 1000)),
    size: makeFormat(language).bytes,
  }
}
