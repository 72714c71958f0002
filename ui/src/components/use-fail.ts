// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useCallback, useEffect, useRef } from 'react'
import { App } from 'antd'

import { useExplain } from './errors'

/** useFail returns the one way to tell that something which was asked for has failed. */
export function useFail(): (error: unknown) => void {
  const { notification } = App.useApp()
  const explain = useExplain()
  const latest = useRef(explain)
  useEffect(() => {
    latest.current = explain
  })
  return useCallback(
    (error) => notification.error({ ...latest.current(error), role: 'alert' }),
    [notification],
  )
}
