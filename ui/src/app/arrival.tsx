// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef } from 'react'
import { useMatches } from 'react-router'

import { useTitle } from '@/components/title'

/**
 * Arrival does for who cannot see it what loading a page does: after going to
 * another screen the focus is in it, and its title is read out. Tabs of a screen
 * leave the focus where it is.
 */
export function Arrival() {
  const title = useTitle()
  const here = useMatches().at(-1)
  const screen = JSON.stringify([here?.id, { ...here?.params, tab: undefined }])
  const before = useRef(screen)
  useEffect(() => {
    if (screen === before.current) return
    before.current = screen
    const main = document.getElementById('main')
    if (!main?.contains(document.activeElement)) main?.focus({ preventScroll: true })
  }, [screen])
  return (
    <div role="status" className="sr-only">
      {title}
    </div>
  )
}
