// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'

import { useMe } from '@/app/session'
import { NotFound } from '@/components/not-found'
import { Page } from '@/components/page'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { ApiTokens } from './api-tokens'
import { ClientTokens } from './client-tokens'
import { DeleteAccount } from './delete-account'
import { LogIns } from './log-ins'
import { Password } from './password'
import { Profile } from './profile'

const tabs = {
  profile: Profile,
  password: Password,
  logins: LogIns,
  'api-tokens': ApiTokens,
  'client-tokens': ClientTokens,
  delete: DeleteAccount,
} as const
type Tab = keyof typeof tabs

/** Component is the account of who is logged in. */
export function Component() {
  const { t } = useTranslation('account')
  const navigate = useNavigate()
  const { tab = 'profile' } = useParams()
  const me = useMe()
  if (!(tab in tabs)) return <NotFound />
  return (
    <Page title={t('title')}>
      {me ? (
        <Tabs
          activeKey={tab}
          onChange={(key) => void navigate(`/account/${key}`, { replace: true, preventScrollReset: true })}
          destroyOnHidden
          items={(Object.keys(tabs) as Tab[]).map((key) => {
            const Content = tabs[key]
            return { key, label: t(`tabs.${key}`), children: <Content me={me} /> }
          })}
        />
      ) : (
        <ScreenSkeleton />
      )}
    </Page>
  )
}
