// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Descriptions, Flex } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { ErrorAlert } from '@/components/errors'
import { Part } from '@/components/part'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { Time } from '@/components/time'

import type { TabProps } from './tab'
import { UsageBars } from './usage-bars'

/** Profile says who one is here, and what one has used of what one may. */
export function Profile({ me: { user } }: TabProps) {
  const { t } = useTranslation('account')
  const usage = api.useQuery('get', '/usage')
  return (
    <Flex vertical gap="large">
      <Part title={t('tabs.profile')}>
        <Descriptions
          column={{ xs: 1, md: 2 }}
          items={[
            { key: 'name', label: t('profile.name'), children: user.name },
            { key: 'email', label: t('profile.email'), children: user.email },
            { key: 'since', label: t('profile.since'), children: <Time at={user.created_at} /> },
            {
              key: 'role',
              label: t('profile.role'),
              children: t(user.admin ? 'profile.admin' : 'profile.member'),
            },
          ]}
        />
      </Part>
      <Part title={t('usage.title')} intro={t('usage.intro')}>
        {usage.data ? (
          <UsageBars usage={usage.data} />
        ) : usage.error ? (
          <ErrorAlert error={usage.error} onRetry={() => void usage.refetch()} />
        ) : (
          <ScreenSkeleton rows={4} />
        )}
      </Part>
    </Flex>
  )
}
