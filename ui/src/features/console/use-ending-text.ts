// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next'

import { useExplain } from '@/components/errors'

import type { Ending } from './connection'

/** Close codes that there is a text for (docs/endpoints.md). */
const known = [
  1000, 1001, 1002, 1006, 1007, 1008, 1009, 1011, 1012, 1013, 4403, 4410, 4411, 4412, 4429,
] as const
type Known = (typeof known)[number]

const isKnown = (code: number): code is Known => (known as readonly number[]).includes(code)

/** useEndingText returns what puts the end of a connection into words. */
export function useEndingText(): (ending: Ending) => string {
  const { t } = useTranslation('console')
  const explain = useExplain()
  return ({ code, reason, opened, error }) => {
    if (error !== undefined) {
      const { title, description } = explain(error)
      return `${title} ${description}`
    }
    if (!opened && code === 1006) return t('ended.refused')
    if (isKnown(code)) return t(`ended.${code}`, { code })
    return t('ended.other', { code, reason })
  }
}
