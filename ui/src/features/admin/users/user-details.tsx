// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Descriptions, Flex } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import type { Schema } from '@/api/client'
import { Part } from '@/components/part'
import { Time } from '@/components/time'

import { UserTags } from './user-tags'

/** UserDetails says who it is. */
export function UserDetails({ user }: { user: Schema<'User'> }) {
  const { t } = useTranslation('admin')
  return (
    <Part title={user.name}>
      <Flex vertical gap="small" align="start">
        <Flex gap="small">
          <UserTags user={user} />
        </Flex>
        <Descriptions
          column={1}
          size="small"
          items={[
            { key: 'email', label: t('users.email'), children: user.email },
            { key: 'since', label: t('users.since'), children: <Time at={user.created_at} /> },
            {
              key: 'terms',
              label: t('users.terms'),
              children: <Time at={user.terms_at} none={t('users.terms_no')} />,
            },
            ...(user.disabled_at
              ? [{ key: 'disabled', label: t('users.disabled'), children: <Time at={user.disabled_at} /> }]
              : []),
            { key: 'id', label: t('users.id'), children: user.id },
          ]}
        />
        <Link to={`/admin/audit?actor=${user.id}`}>{t('users.audit')}</Link>
      </Flex>
    </Part>
  )
}
