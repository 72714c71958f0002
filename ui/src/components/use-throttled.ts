// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef, useState } from 'react'

/** useThrottled returns a value that changes often as of at most `ms` ago, for what is read out or read slowly. */
export function useThrottled<T>(value: T, ms: number): T {
  const [shown, setShown] = useState(value)
  const latest = useRef(value)
  useEffect(() => {
    latest.current = value
  })
  useEffect(() => {
    const timer = setInterval(() => setShown(latest.current), ms)
    return () => clearInterval(timer)
  }, [ms])
  return shown
}
