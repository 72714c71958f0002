// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useSyncExternalStore } from 'react'
import { RedoOutlined } from '@ant-design/icons'
import { Button, Drawer, Flex, Grid, Segmented, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { CopyButton } from '@/components/copy-button'
import { useFormat } from '@/components/format'

import { sizeOf, type Message } from './messages'
import type { Client } from './use-client'
import { views, whole, type View } from './views'

/** How much of a message is shown and copied, in characters: more than that stalls browsers. */
const most = 500_000

/** MessageDetail shows one message whole, beside the list. */
export function MessageDetail({
  message,
  view,
  onView,
  client,
  onClose,
}: {
  message: Message | null
  view: View
  onView: (v: View) => void
  client: Client
  onClose: () => void
}) {
  const { t } = useTranslation('console')
  const format = useFormat()
  const wide = Grid.useBreakpoint().sm ?? true
  const open = useSyncExternalStore(
    client.connection.subscribe,
    () => client.connection.state.kind === 'open',
  )
  const { text, cut } = message ? whole(message.data, view, most) : { text: '', cut: false }
  return (
    <Drawer
      open={message !== null}
      onClose={onClose}
      size={wide ? 560 : '100%'}
      title={message && t(`detail.${message.direction}`)}
      destroyOnHidden
    >
      {message && (
        <Flex vertical gap="middle">
          <Typography.Text type="secondary">
            {format.time(new Date(message.at))}, {format.bytes(sizeOf(message.data))}
          </Typography.Text>
          <Flex gap="small" wrap>
            <Segmented<View>
              aria-label={t('view.label')}
              value={view}
              onChange={onView}
              options={views.map((value) => ({ value, label: t(`view.${value}`) }))}
            />
            <CopyButton text={text} what={t('message')} />
            <Button
              icon={<RedoOutlined aria-hidden />}
              disabled={!open}
              onClick={() => client.send(message.data)}
            >
              {t('resend')}
            </Button>
          </Flex>
          {cut && <Typography.Text>{t('detail.cut', { count: text.length })}</Typography.Text>}
          <pre className="mono console-detail">{text}</pre>
        </Flex>
      )}
    </Drawer>
  )
}
