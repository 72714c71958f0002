// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { PlusOutlined } from '@ant-design/icons'
import { Alert, Button, Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import type { Scope } from '@/live/stream'

import { Pane } from './pane'

import './console.css'

const mostPanes = 4

/**
 * Console has several clients of an endpoint in one page, each with a WebSocket
 * of its own. Two are there at first, since a client hears what others send.
 */
export function Console({ endpoint, scope }: { endpoint: Schema<'Endpoint'>; scope: Scope }) {
  const { t } = useTranslation('console')
  const [panes, setPanes] = useState([1, 2])
  const add = () => {
    const free = [1, 2, 3, 4].find((n) => !panes.includes(n))
    if (free) setPanes([...panes, free].sort())
  }
  const { origins } = endpoint.settings
  const shutOut = origins.length > 0 && !origins.some((o) => o.toLowerCase() === location.origin)
  return (
    <Flex vertical gap="middle">
      <Flex justify="space-between" align="center" gap="small" wrap>
        <Typography.Text type="secondary">{t('intro')}</Typography.Text>
        <Button icon={<PlusOutlined aria-hidden />} onClick={add} disabled={panes.length >= mostPanes}>
          {t('add')}
        </Button>
      </Flex>
      {shutOut && (
        <Alert
          type="warning"
          showIcon
          title={t('origins.title')}
          description={t('origins.text', { origin: location.origin })}
        />
      )}
      <div className="console-panes">
        {panes.map((n) => (
          <Pane
            // A new id is a new endpoint, to which nothing old belongs.
            key={`${endpoint.id} ${n}`}
            number={n}
            endpoint={endpoint}
            scope={scope}
            onRemove={panes.length > 1 ? () => setPanes(panes.filter((p) => p !== n)) : undefined}
          />
        ))}
      </div>
    </Flex>
  )
}
