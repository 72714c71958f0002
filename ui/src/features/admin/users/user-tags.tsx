// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { CrownOutlined, StopOutlined } from '@ant-design/icons'
import { Tag } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'

/** UserTags says what is special about an account. */
export function UserTags({ user }: { user: Schema<'User'> }) {
  const { t } = useTranslation('admin')
  return (
    <>
      {user.admin && <Tag icon={<CrownOutlined aria-hidden />}>{t('users.admin')}</Tag>}
      {user.disabled_at && (
        <Tag icon={<StopOutlined aria-hidden />} color="error">
          {t('users.disabled')}
        </Tag>
      )}
    </>
  )
}
