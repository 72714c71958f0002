// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useSyncExternalStore } from 'react'

/** Endpoints whose deletion can still be taken back: no list shows them, whatever is fetched meanwhile. */
let hidden: ReadonlySet<string> = new Set()
const listeners = new Set<() => void>()

function change(next: Set<string>): void {
  hidden = next
  for (const changed of listeners) changed()
}

const subscribe = (changed: () => void) => {
  listeners.add(changed)
  return () => void listeners.delete(changed)
}

/** hide and restore take an endpoint from the lists and put it back. */
export const hide = (id: string) => change(new Set(hidden).add(id))
export const restore = (id: string) => change(new Set([...hidden].filter((other) => other !== id)))

/** useHidden returns the ids of the endpoints that lists leave out. */
export const useHidden = () => useSyncExternalStore(subscribe, () => hidden)
