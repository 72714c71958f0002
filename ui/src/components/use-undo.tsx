// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useCallback } from 'react'
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { pending } from './deletions'
import { useFail } from './use-fail'

/** How long a deletion can be taken back: the gateway hears of it only then. */
export const undoFor = 8000

/**
 * useUndo returns how something is deleted that nothing brings back: it vanishes
 * from the screen (`hide`), and is deleted (`run`) when the notice with Undo has
 * gone, or the page is left, or who did it logs out. Undo, or a failure, calls `restore`.
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
      const end = () => {
        pending.delete(now)
        clearTimeout(timer)
        window.removeEventListener('pagehide', onLeave)
        notification.destroy(key)
      }
      const now = async () => {
        if (!pending.has(now)) return
        end()
        try {
          await run()
        } catch (error) {
          restore()
          fail(error)
        }
      }
      const undo = () => {
        if (!pending.has(now)) return
        end()
        restore()
      }
      const onLeave = () => void now()
      const timer = setTimeout(onLeave, undoFor)
      window.addEventListener('pagehide', onLeave)
      pending.add(now)
      hide()
      notification.info({
        key,
        title,
        duration: 0,
        role: 'status',
        onClose: onLeave,
        actions: (
          <Button type="primary" onClick={undo}>
            {t('undo')}
          </Button>
        ),
      })
    },
    [notification, t, fail],
  )
}
