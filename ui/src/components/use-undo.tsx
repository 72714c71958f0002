// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useCallback } from 'react'
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { useFail } from './use-fail'

/** How long a deletion can be taken back: the gateway hears of it only then. */
export const undoFor = 8000

/**
 * useUndo returns how something is deleted that nothing brings back: it vanishes
 * from the screen (`hide`), and is deleted (`run`) when the notice with Undo has
 * gone, or the page is left. Undo, or a failure, calls `restore`.
 */
export function useUndo() {
  const { notification } = App.useApp()
  const { t } = useTranslation()
  const fail = useFail()
  return useCallback(
    ({
      title,
      hide,
      run,
      restore,
    }: {
      title: string
      hide: () => void
      run: () => Promise<unknown>
      restore: () => void
    }) => {
      const key = crypto.randomUUID?.() ?? String(Math.random())
      let decided = false
      const decide = (go: boolean) => {
        if (decided) return
        decided = true
        clearTimeout(timer)
        window.removeEventListener('pagehide', now)
        notification.destroy(key)
        if (!go) return restore()
        run().catch((error: unknown) => {
          restore()
          fail(error)
        })
      }
      const now = () => decide(true)
      const timer = setTimeout(now, undoFor)
      window.addEventListener('pagehide', now)
      hide()
      notification.info({
        key,
        title,
        duration: 0,
        role: 'status',
        onClose: now,
        actions: (
          <Button type="primary" onClick={() => decide(false)}>
            {t('undo')}
          </Button>
        ),
      })
    },
    [notification, t, fail],
  )
}
