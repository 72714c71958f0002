// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { memo } from 'react'

import type { RowFormat } from './row-format'
import { sizeOf, type Message } from './messages'
import { line, type View } from './views'

/** What console.css gives a row, in pixels. */
export const rowHeight = 28

/**
 * MessageRow is one line of the list. It has plain elements and no hooks, since
 * at 1,000 messages a second all rows are new each time.
 */
export const MessageRow = memo(
  function MessageRow({ id, message, before, view, format, position, active, onOpen }: RowProps) {
    const { direction, at, data } = message
    return (
      // The list has the keyboard, for all of its rows.
      // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
      <div
        id={id}
        role="option"
        aria-selected={active}
        aria-posinset={position}
        aria-setsize={-1}
        className={`console-row console-${direction}`}
        onClick={onOpen}
      >
        <span className="console-direction">
          <span aria-hidden>{direction === 'sent' ? '↑' : '↓'}</span>{' '}
          <span className="console-word">{format.direction[direction]}</span>
        </span>
        <span className="console-time">{format.time(at)}</span>
        <span className="console-delta">{before !== undefined && format.delta(at - before)}</span>
        <span className="console-size">{format.size(sizeOf(data))}</span>
        <span className="console-data mono">{line(data, view)}</span>
      </div>
    )
  },
  // The handler is a new one each time, and does the same at the same position.
  (a, b) =>
    a.message === b.message &&
    a.position === b.position &&
    a.view === b.view &&
    a.format === b.format &&
    a.active === b.active &&
    a.before === b.before,
)

type RowProps = {
  id: string
  message: Message
  /** when the message of the row above came */
  before: number | undefined
  view: View
  format: RowFormat
  /** among all rows that ever were */
  position: number
  active: boolean
  onOpen: () => void
}
