// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { CloseCircleOutlined, MinusCircleOutlined } from '@ant-design/icons'
import { Flex, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { Status } from '@/features/tunnels/status'

import { refusalKey } from './refusals'
import type { Publication } from './which'

/** PublicationStatus says whether a name works, and if not for another reason than its client, why and what to do. */
export function PublicationStatus({ publication: p }: { publication: Publication }) {
  const { t } = useTranslation('publishing')
  if (p.status === 'online' || p.status === 'offline') return <Status status={p.status} />
  const refused = p.status === 'refused'
  return (
    <Flex vertical gap={4} align="flex-start" style={{ minWidth: 180, maxWidth: 230, whiteSpace: 'normal' }}>
      {refused ? (
        <Tag color="error" icon={<CloseCircleOutlined aria-hidden />}>
          {t('status.refused')}
        </Tag>
      ) : (
        <Tag icon={<MinusCircleOutlined aria-hidden />}>{t('status.unused')}</Tag>
      )}
      <Typography.Text type="secondary">
        {refused
          ? t(`refusal.${refusalKey(p.code)}`, { message: p.error ?? p.code ?? '' })
          : t('status.unused_text')}
      </Typography.Text>
    </Flex>
  )
}
