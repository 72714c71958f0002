// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useSyncExternalStore } from 'react'
import { Tooltip } from 'antd'

import { useFormat } from './format'

const each = 10_000
let now = Date.now() // as of the last look
const subscribe = (changed: () => void) => {
  now = Date.now()
  const timer = setInterval(() => {
    now = Date.now()
    changed()
  }, each)
  return () => clearInterval(timer)
}

/** Time shows when something was, relative to now, and exactly on hover. `none` stands for never. */
export function Time({ at, none = '–' }: { at: string | null | undefined; none?: string }) {
  const format = useFormat()
  const current = useSyncExternalStore(subscribe, () => now)
  if (!at) return <>{none}</>
  const d = new Date(at)
  return (
    <Tooltip title={format.time(d)}>
      <time dateTime={at}>{format.ago(d, current)}</time>
    </Tooltip>
  )
}
