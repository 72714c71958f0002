// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { CloseCircleOutlined, MinusCircleOutlined } from '@ant-design/icons'
import { Flex, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { Status } from '@/features/tunnels/status'

import { refusalKey } from './refusals'
import type { Publication } from './which'

/** PublicationStatus says whether a name works, and if the gateway has refused it, why and what to do. */
export function PublicationStatus({ publication: p }: { publication: Publication }) {
  const { t } = useTranslation('publishing')
  if (p.status === 'online' || p.status === 'offline') return <Status status={p.status} />
  if (p.status === 'unused') {
    return (
      <Tag icon={<MinusCircleOutlined aria-hidden />} title={t('status.unused_text')}>
        {t('status.unused')}
      </Tag>
    )
  }
  return (
    <Flex vertical gap={4} align="flex-start" style={{ minWidth: 180, maxWidth: 230, whiteSpace: 'normal' }}>
      <Tag color="error" icon={<CloseCircleOutlined aria-hidden />}>
        {t('status.refused')}
      </Tag>
      <Typography.Text type="secondary">
        {t(`refusal.${refusalKey(p.code)}`, { message: p.error ?? p.code ?? '' })}
      </Typography.Text>
    </Flex>
  )
}
