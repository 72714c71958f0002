// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { CloseOutlined } from '@ant-design/icons'
import { Button, Card, Flex, Tooltip, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import type { Scope } from '@/live/stream'

import { Composer } from './composer'
import { ConnectionState } from './connection-state'
import { MessageDetail } from './message-detail'
import { MessageList } from './message-list'
import type { Message } from './messages'
import { Toolbar } from './toolbar'
import { useClient } from './use-client'
import type { View } from './views'

/** Pane is one client: its connection, what it sends, and what it sent and received. */
export function Pane({
  number,
  endpoint,
  scope,
  onRemove,
}: {
  number: number
  endpoint: Schema<'Endpoint'>
  scope: Scope
  onRemove?: () => void
}) {
  const { t } = useTranslation('console')
  const client = useClient(endpoint, scope)
  const [view, setView] = useState<View>('auto')
  const [detail, setDetail] = useState<Message | null>(null)
  const name = t('client', { number })
  return (
    <Card size="small" role="region" aria-label={name} className="console-pane">
      <Flex vertical gap="small">
        <Flex justify="space-between" align="center" gap="small">
          <Typography.Title level={2} style={{ fontSize: 16, margin: 0 }}>
            {name}
          </Typography.Title>
          {onRemove && (
            <Tooltip title={t('remove', { name })}>
              <Button
                type="text"
                icon={<CloseOutlined aria-hidden />}
                aria-label={t('remove', { name })}
                onClick={onRemove}
              />
            </Tooltip>
          )}
        </Flex>
        <ConnectionState connection={client.connection} />
        <Composer endpoint={endpoint.id} pane={number} client={client} />
        <Toolbar
          store={client.store}
          view={view}
          onView={setView}
          file={`${endpoint.name || endpoint.id}-${number}`}
        />
        <MessageList store={client.store} view={view} name={name} onOpen={setDetail} />
      </Flex>
      <MessageDetail
        message={detail}
        view={view}
        onView={setView}
        client={client}
        onClose={() => setDetail(null)}
      />
    </Card>
  )
}
