// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useSyncExternalStore } from 'react'
import {
  CheckCircleOutlined,
  ClockCircleOutlined,
  MinusCircleOutlined,
  SyncOutlined,
} from '@ant-design/icons'
import { Button, Flex, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Connection, State } from './connection'
import { Countdown } from './countdown'
import { useEndingText } from './use-ending-text'

const looks: Record<State['kind'], { color?: string; icon: React.ReactNode }> = {
  connecting: { color: 'processing', icon: <SyncOutlined aria-hidden /> },
  open: { color: 'success', icon: <CheckCircleOutlined aria-hidden /> },
  waiting: { color: 'warning', icon: <ClockCircleOutlined aria-hidden /> },
  closed: { icon: <MinusCircleOutlined aria-hidden /> },
}

/** ConnectionState shows how a connection is, why it ended, and what can be done about it. */
export function ConnectionState({ connection }: { connection: Connection }) {
  const { t } = useTranslation('console')
  const state = useSyncExternalStore(connection.subscribe, () => connection.state)
  const endingText = useEndingText()
  const { color, icon } = looks[state.kind]
  const ending = 'ending' in state ? state.ending : null
  const tried = state.kind === 'connecting' || state.kind === 'open'
  return (
    <Flex vertical gap={4}>
      <Flex align="center" gap="small" wrap>
        <div role="status">
          <Tag color={color} icon={icon}>
            {t(`state.${state.kind}`)}
          </Tag>
        </div>
        {state.kind === 'waiting' && <Countdown until={state.at} />}
        {state.kind === 'waiting' && (
          <Button size="small" onClick={connection.connect}>
            {t('now')}
          </Button>
        )}
        {state.kind === 'closed' ? (
          <Button size="small" type="primary" onClick={connection.connect}>
            {t('connect')}
          </Button>
        ) : (
          <Button size="small" onClick={connection.disconnect}>
            {tried ? t('disconnect') : t('stop')}
          </Button>
        )}
      </Flex>
      {ending && <Typography.Text type="secondary">{endingText(ending)}</Typography.Text>}
    </Flex>
  )
}
