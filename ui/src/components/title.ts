// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
const subscribe = (changed: () => void) => {
  listeners.add(changed)
  return () => void listeners.delete(changed)
}

/** setTitle names the page that is shown. */
export function setTitle(title: string): void {
  document.title = title
  for (const changed of listeners) changed()
}

/** useTitle returns that name. */
export const useTitle = () => useSyncExternalStore(subscribe, () => document.title)
