// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useSyncExternalStore } from 'react'
import { theme } from 'antd'
import { useTranslation } from 'react-i18next'

import { useThrottled } from '@/components/use-throttled'

import type { MessageStore } from './message-store'

/** How often the numbers are read out, in ms. */
const readEach = 5000

/** Counts shows how many messages there are; it speaks of them seldom, the list never does. */
export function Counts({ store }: { store: MessageStore }) {
  const { t } = useTranslation('console')
  const { token } = theme.useToken()
  useSyncExternalStore(store.subscribe, () => store.version)
  const parts = [
    store.rows === store.kept || store.paused
      ? t('counts.kept', { count: store.kept })
      : t('counts.shown', { count: store.kept, shown: store.rows }),
  ]
  if (store.dropped > 0) parts.push(t('counts.dropped', { count: store.dropped }))
  if (store.filtering) parts.push(t('counts.filtering'))
  const text = parts.join(t('counts.between'))
  const read = useThrottled(text, readEach)
  return (
    <div>
      <span className="numbers" aria-hidden style={{ color: token.colorTextSecondary }}>
        {text}
      </span>
      <span className="sr-only" aria-live="polite">
        {read}
      </span>
    </div>
  )
}
