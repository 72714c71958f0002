// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState, type CSSProperties } from 'react'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { theme } from 'antd'
import { useTranslation } from 'react-i18next'

import './endpoint-table.css'

import { EndpointRow } from './endpoint-row'
import type { Endpoint } from './scope'
import { useDelete } from './use-delete'

const rowHeight = 64

/** EndpointTable has rows only for what is in view: a list may have thousands. */
export function EndpointTable({ rows }: { rows: readonly Endpoint[] }) {
  const { t } = useTranslation(['endpoints', 'common'])
  const { token } = theme.useToken()
  const remove = useDelete('own')
  const [top, setTop] = useState(0)
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
      <table
        aria-label={t('common:nav.endpoints')}
        aria-rowcount={rows.length + 1}
        ref={(table) => {
          if (table) setTop(Math.round(table.getBoundingClientRect().top + window.scrollY))
        }}
      >
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" className="name">
              {t('list.name')}
            </th>
            <th scope="col" className="url wide">
              {t('list.url')}
            </th>
            <th scope="col" className="number">
              {t('list.connections')}
            </th>
            <th scope="col" className="number wide">
              {t('list.messages')}
            </th>
            <th scope="col" className="number wide">
              {t('list.bytes')}
            </th>
            <th scope="col" className="time wide">
              {t('list.active')}
            </th>
            <th scope="col" className="actions">
              <span className="sr-only">{t('list.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Space height={before} />}
          {shown.map(({ index }) => (
            <EndpointRow key={rows[index]!.id} endpoint={rows[index]!} index={index} onDelete={remove} />
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
      <td colSpan={7} style={{ height }} />
    </tr>
  )
}
