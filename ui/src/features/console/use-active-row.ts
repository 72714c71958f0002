// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState, type KeyboardEvent, type RefObject } from 'react'

import { rowHeight } from './message-row'
import type { MessageStore } from './message-store'
import type { Message } from './messages'

/**
 * useActiveRow goes through the rows by keyboard. The active one is known by its
 * number among all rows that ever were, which stays when rows go from the front.
 */
export function useActiveRow({
  store,
  id,
  box,
  onOpen,
  onMove,
}: {
  store: MessageStore
  id: string
  box: RefObject<HTMLDivElement | null>
  onOpen: (m: Message) => void
  onMove: () => void
}) {
  const [row, setRow] = useState<number | null>(null)
  const { gone, rows } = store
  const page = () => Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / rowHeight) - 1)
  const open = (n: number) => {
    setRow(n)
    const message = store.row(n - store.gone)
    if (message) onOpen(message)
  }
  const move = (to: number) => {
    const index = Math.min(Math.max(to, 0), rows - 1)
    onMove()
    setRow(gone + index)
    const el = box.current!
    const top = index * rowHeight
    if (top < el.scrollTop) el.scrollTo({ top })
    else if (top + rowHeight > el.scrollTop + el.clientHeight) {
      el.scrollTo({ top: top + rowHeight - el.clientHeight })
    }
  }
  const onKeyDown = (e: KeyboardEvent) => {
    if (rows === 0 || e.altKey || e.ctrlKey || e.metaKey) return
    const at = row === null ? rows : row - gone
    const steps: Record<string, () => void> = {
      ArrowUp: () => move(at - 1),
      ArrowDown: () => move(at + 1),
      PageUp: () => move(at - page()),
      PageDown: () => move(at + page()),
      Home: () => move(0),
      End: () => move(rows - 1),
      Enter: () => row !== null && open(row),
      ' ': () => row !== null && open(row),
    }
    const step = steps[e.key]
    if (!step) return
    e.preventDefault()
    step()
  }
  const kept = row !== null && row >= gone && row < gone + rows ? row : null
  return { row: kept, descendant: kept === null ? undefined : `${id}${kept}`, onKeyDown, open }
}
