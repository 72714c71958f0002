// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, Tag, Tooltip, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { deviceOf } from './agent'

/** Device says in plain words what somebody logged in with; what it calls itself on hover. */
export function Device({ agent, current }: { agent: string; current: boolean }) {
  const { t } = useTranslation('account')
  const { browser, system } = deviceOf(agent)
  const known = browser && system ? t('logins.device_of', { browser, system }) : (browser ?? system)
  return (
    <Flex gap="small" align="center">
      <Tooltip title={agent}>
        <Typography.Text ellipsis style={{ maxWidth: 280 }}>
          {known ?? (agent || t('logins.unknown'))}
        </Typography.Text>
      </Tooltip>
      {current && <Tag color="success">{t('logins.current')}</Tag>}
    </Flex>
  )
}
