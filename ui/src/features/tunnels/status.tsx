// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { CheckCircleOutlined, MinusCircleOutlined } from '@ant-design/icons'
import { Tag } from 'antd'
import { useTranslation } from 'react-i18next'

/** Status says whether a client is online, in words and with a sign. */
export function Status({ status }: { status: 'online' | 'offline' }) {
  const { t } = useTranslation()
  return status === 'online' ? (
    <Tag color="success" icon={<CheckCircleOutlined aria-hidden />}>
      {t('online')}
    </Tag>
  ) : (
    <Tag icon={<MinusCircleOutlined aria-hidden />}>{t('offline')}</Tag>
  )
}
