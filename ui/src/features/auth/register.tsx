// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Alert, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'react-router'

import { api } from '@/api/client'
import { ErrorAlert } from '@/components/errors'
import { Page } from '@/components/page'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { RegisterForm } from './register-form'
import { Stranger } from './stranger'
import { useCode } from './use-code'

/** Component makes an account, with an invite. */
export function Component() {
  const { t } = useTranslation('auth')
  const code = useCode()
  const { search } = useLocation()
  const site = api.useQuery('get', '/site')
  const terms = api.useQuery('get', '/auth/terms', {}, { enabled: site.data?.terms === true })
  const error = site.error ?? terms.error
  const ready = site.data && (terms.data || !site.data.terms)
  const retry = () => void (site.error ? site.refetch() : terms.refetch())
  return (
    <Stranger>
      <Page title={t('register.title')}>
        {error ? <ErrorAlert error={error} onRetry={retry} /> : !ready && <ScreenSkeleton />}
        {ready && site.data.registration && <RegisterForm code={code} terms={terms.data?.text ?? ''} />}
        {ready && !site.data.registration && (
          <Alert
            type="info"
            showIcon
            title={t('register.closed')}
            description={t('register.closed_remedy')}
          />
        )}
        <Typography.Text>
          {t('register.has_account')} <Link to={`/login${search}`}>{t('login.action')}</Link>
        </Typography.Text>
      </Page>
    </Stranger>
  )
}
