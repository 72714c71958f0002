// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex } from 'antd'
import { useTranslation } from 'react-i18next'

import { Part } from '@/components/part'

import { LiveSessions } from './live-sessions'
import { PastSessions } from './past-sessions'

/** SessionsTab lists the sessions that go on, and those that have ended. */
export function SessionsTab() {
  const { t } = useTranslation('tunnels')
  return (
    <Flex vertical gap="large">
      <Part title={t('sessions.live')}>
        <LiveSessions />
      </Part>
      <Part title={t('sessions.past')}>
        <PastSessions />
      </Part>
    </Flex>
  )
}
