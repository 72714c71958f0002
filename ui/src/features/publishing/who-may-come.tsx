// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { FilterOutlined, GlobalOutlined, KeyOutlined, UserOutlined } from '@ant-design/icons'
import { Flex, Tag } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'

const icons = {
  open: <GlobalOutlined aria-hidden />,
  password: <KeyOutlined aria-hidden />,
  login: <UserOutlined aria-hidden />,
}

/** isLimited tells whether not all addresses may come. */
const isLimited = ({ allow, deny }: Schema<'Access'>) => allow.length + deny.length > 0

/** WhoMayCome says it in few words. */
export function WhoMayCome({ access }: { access: Schema<'Access'> }) {
  const { t } = useTranslation('publishing')
  return (
    <Flex vertical gap={4} align="flex-start">
      <Tag icon={icons[access.mode]}>{t(`modes.${access.mode}`)}</Tag>
      {isLimited(access) && <Tag icon={<FilterOutlined aria-hidden />}>{t('limited')}</Tag>}
    </Flex>
  )
}
