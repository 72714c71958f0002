// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Drawer, Flex } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { ErrorAlert } from '@/components/errors'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { UserActions } from './user-actions'
import { UserDetails } from './user-details'
import { UserHistory } from './user-history'
import { UserLimitsForm } from './user-limits'
import { UserUsage } from './user-usage'

/** UserDrawer shows one account with all that can be done with it; none while there is no id. */
export function UserDrawer({ id, onClose }: { id: number | undefined; onClose: () => void }) {
  const { t } = useTranslation('admin')
  return (
    <Drawer open={id !== undefined} onClose={onClose} size={640} title={t('users.account')} destroyOnHidden>
      {id !== undefined && <Account key={id} id={id} onDeleted={onClose} />}
    </Drawer>
  )
}

function Account({ id, onDeleted }: { id: number; onDeleted: () => void }) {
  const query = api.useQuery('get', '/admin/users/{id}', { params: { path: { id } } })
  const { data: user, error } = query
  if (!user) {
    return error ? <ErrorAlert error={error} onRetry={() => void query.refetch()} /> : <ScreenSkeleton />
  }
  return (
    <Flex vertical gap="large">
      <UserDetails user={user} />
      <UserActions user={user} onDeleted={onDeleted} />
      <UserUsage id={id} />
      <UserLimitsForm key={user.version} user={user} />
      <UserHistory id={id} />
    </Flex>
  )
}
