// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useCallback, useState, type CSSProperties } from 'react'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { Grid, theme } from 'antd'
import { useTranslation } from 'react-i18next'

import './endpoint-table.css'

import { RowCells } from './row-cells'
import type { Endpoint } from './scope'
import { useDelete } from './use-delete'

const rowHeight = 64

const allColumns = [
  { key: 'name', look: 'name', always: true },
  { key: 'url', look: 'url', always: false },
  { key: 'connections', look: 'number', always: true },
  { key: 'messages', look: 'number', always: false },
  { key: 'bytes', look: 'number', always: false },
  { key: 'active', look: 'time', always: false },
] as const

/** EndpointTable has rows only for what is in view: a list may have thousands. */
export function EndpointTable({ rows }: { rows: readonly Endpoint[] }) {
  const { t } = useTranslation(['endpoints', 'common'])
  const { token } = theme.useToken()
  const remove = useDelete('own')
  const wide = Grid.useBreakpoint().lg ?? true
  const columns = allColumns.filter((c) => wide || c.always)
  const [top, setTop] = useState(0)
  const place = useCallback((table: HTMLTableElement | null) => {
    if (table) setTop(Math.round(table.getBoundingClientRect().top + window.scrollY))
  }, [])
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    getItemKey: (i) => rows[i]!.id,
    overscan: 8,
    scrollMargin: top,
  })
  const shown = virtual.getVirtualItems()
  const before = (shown[0]?.start ?? top) - top
  const after = virtual.getTotalSize() - ((shown.at(-1)?.end ?? top) - top)
  const colours = {
    '--back': token.colorBgContainer,
    '--line': token.colorSplit,
    '--head': token.colorFillAlter,
    '--hover': token.controlItemBgHover,
    '--row': `${rowHeight}px`,
  } as CSSProperties
  return (
    <div className="endpoint-table" style={colours}>
      <table aria-label={t('common:nav.endpoints')} aria-rowcount={rows.length + 1} ref={place}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ key, look }) => (
              <th key={key} scope="col" className={look}>
                {t(`list.${key}`)}
              </th>
            ))}
            <th scope="col" className="actions">
              <span className="sr-only">{t('list.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Space height={before} />}
          {shown.map(({ index }) => (
            <tr key={rows[index]!.id} aria-rowindex={index + 2}>
              <RowCells endpoint={rows[index]!} wide={wide} onDelete={remove} />
            </tr>
          ))}
          {after > 0 && <Space height={after} />}
        </tbody>
      </table>
    </div>
  )
}

/** Space stands for the rows that are out of view. */
function Space({ height }: { height: number }) {
  return (
    <tr aria-hidden="true" className="space">
      <td colSpan={allColumns.length + 1} style={{ height }} />
    </tr>
  )
}
