// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Flex, type TableProps } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Schema } from '@/api/client'
import { Time } from '@/components/time'

import { UserTags } from './user-tags'

type User = Schema<'User'>

/** useUserColumns returns the columns of the list of accounts. */
export function useUserColumns(onOpen: (id: number) => void): TableProps<User>['columns'] {
  const { t } = useTranslation('admin')
  return [
    {
      title: t('users.name'),
      key: 'name',
      render: (_, u) => (
        <Flex gap="small" align="center">
          <Button type="link" size="small" style={{ padding: 0 }} onClick={() => onOpen(u.id)}>
            {u.name}
          </Button>
          <UserTags user={u} />
        </Flex>
      ),
    },
    { title: t('users.email'), dataIndex: 'email' },
    { title: t('users.since'), dataIndex: 'created_at', render: (at: string) => <Time at={at} /> },
    {
      title: t('users.limits'),
      key: 'limits',
      render: (_, u) =>
        Object.values(u.limits).some(Boolean) ? t('users.limits_own') : t('users.limits_default'),
    },
  ]
}
