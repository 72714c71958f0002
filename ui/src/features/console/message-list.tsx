// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useCallback, useId, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react'
import { ArrowDownOutlined } from '@ant-design/icons'
import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual'
import { Button, Flex, theme, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { MessageRow, rowHeight } from './message-row'
import type { MessageStore } from './message-store'
import type { Message } from './messages'
import { useRowFormat } from './row-format'
import { useActiveRow } from './use-active-row'
import type { View } from './views'

const overscan = 8
const estimateSize = () => rowHeight

/**
 * MessageList shows the rows of a store. It follows the end until somebody
 * scrolls up. Only visible rows exist; the arrow keys go through all of them.
 */
export function MessageList({
  store,
  view,
  name,
  onOpen,
}: {
  store: MessageStore
  view: View
  name: string
  onOpen: (m: Message) => void
}) {
  const { t } = useTranslation('console')
  const { token } = theme.useToken()
  useSyncExternalStore(store.subscribe, () => store.version)
  const format = useRowFormat()
  const box = useRef<HTMLDivElement>(null)
  const [following, setFollowing] = useState(true)
  /** the number of rows, with those that have gone, when somebody scrolled up */
  const [left, setLeft] = useState(0)
  const { rows, gone } = store
  const id = useId()

  const follow = useCallback(
    (on: boolean) => {
      setFollowing(on)
      if (!on) setLeft(store.gone + store.rows)
    },
    [store],
  )
  const active = useActiveRow({ store, id, box, onOpen, onMove: () => follow(false) })

  // At the end the rows are known before the browser tells where it has scrolled to.
  const rangeExtractor = useCallback(
    (range: Range) => (following ? lastRows(range) : defaultRangeExtractor(range)),
    [following],
  )
  // eslint-disable-next-line react-hooks/incompatible-library -- it is memoized nowhere
  const virtualizer = useVirtualizer({
    count: rows,
    getScrollElement: () => box.current,
    estimateSize,
    overscan,
    rangeExtractor,
  })

  const goneBefore = useRef(gone)
  useLayoutEffect(() => {
    const el = box.current!
    const went = gone - goneBefore.current
    goneBefore.current = gone
    if (following) el.scrollTop = el.scrollHeight
    else if (went > 0) el.scrollTop -= went * rowHeight
  })

  const items = virtualizer.getVirtualItems()
  const fresh = Math.max(0, gone + rows - left)
  return (
    <div className="console-list">
      <div
        ref={box}
        className="console-rows"
        role="listbox"
        aria-label={t('messages_of', { name })}
        aria-activedescendant={active.descendant}
        tabIndex={0}
        onKeyDown={active.onKeyDown}
        onScroll={(e) => {
          const el = e.currentTarget
          const atEnd = el.scrollHeight - el.scrollTop - el.clientHeight < rowHeight
          if (atEnd !== following) follow(atEnd)
        }}
        style={{ borderColor: token.colorBorderSecondary, borderRadius: token.borderRadius }}
      >
        <div role="presentation" style={{ height: virtualizer.getTotalSize() }}>
          <div role="presentation" style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
            {items.map(({ index }, slot) => {
              const message = store.row(index)
              return (
                message && (
                  <MessageRow
                    // Rows are used again: at the end all of them are new each time.
                    key={slot}
                    id={`${id}${gone + index}`}
                    message={message}
                    before={index > 0 ? store.row(index - 1)?.at : undefined}
                    view={view}
                    format={format}
                    position={gone + index + 1}
                    active={active.row === gone + index}
                    onOpen={() => active.open(gone + index)}
                  />
                )
              )
            })}
          </div>
        </div>
      </div>
      {rows === 0 && (
        <Flex className="console-empty" align="center" justify="center">
          <Typography.Text type="secondary">{store.kept > 0 ? t('none_pass') : t('empty')}</Typography.Text>
        </Flex>
      )}
      {!following && (
        <Button
          className="console-end"
          type="primary"
          shape="round"
          icon={<ArrowDownOutlined aria-hidden />}
          onClick={() => follow(true)}
        >
          {fresh > 0 ? t('new', { count: fresh }) : t('to_end')}
        </Button>
      )}
    </div>
  )
}

/** lastRows are as many rows as are visible, and the one that is cut. */
function lastRows({ startIndex, endIndex, count }: Range): number[] {
  const length = Math.min(count, endIndex - startIndex + 2)
  return Array.from({ length }, (_, i) => count - length + i)
}
