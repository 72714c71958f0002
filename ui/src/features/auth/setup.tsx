// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Form, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { api } from '@/api/client'
import { ErrorAlert } from '@/components/errors'
import { NewPassword } from '@/components/new-password'
import { Page } from '@/components/page'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { EntryForm } from './entry-form'
import { CodeField, EmailField, NameField } from './fields'
import { Stranger } from './stranger'
import { useCode } from './use-code'
import { useEnter } from './use-enter'

type Values = { code?: string; name: string; email: string; password: string }

/** Component makes the first administrator, by the link that the gateway has shown. */
export function Component() {
  const { t } = useTranslation('auth')
  const code = useCode()
  const site = api.useQuery('get', '/site')
  return (
    <Stranger>
      <Page title={t('setup.title')}>
        {site.isPending && <ScreenSkeleton />}
        {site.error && <ErrorAlert error={site.error} onRetry={() => void site.refetch()} />}
        {site.data?.setup === true && <Setup code={code} />}
        {site.data?.setup === false && (
          <Typography.Text>
            {t('setup.done')} <Link to="/login">{t('login.action')}</Link>
          </Typography.Text>
        )}
      </Page>
    </Stranger>
  )
}

function Setup({ code }: { code: string }) {
  const { t } = useTranslation('auth')
  const [form] = Form.useForm<Values>()
  const { mutateAsync } = api.useMutation('post', '/auth/setup', { meta: { public: true } })
  const enter = useEnter()
  return (
    <>
      <Typography.Paragraph type="secondary">{t('setup.intro')}</Typography.Paragraph>
      {!code && (
        <Typography.Paragraph>
          {t('setup.how')} <code>{t('setup.command')}</code>
        </Typography.Paragraph>
      )}
      <EntryForm
        form={form}
        action={t('setup.action')}
        run={async (values) => {
          await mutateAsync({ body: { ...values, code: values.code ?? code, email: values.email.trim() } })
          await enter(values.name, values.password)
        }}
        fieldOfCode={{
          ...(code ? {} : { link_invalid: 'code' }),
          password_weak: 'password',
          password_too_long: 'password',
        }}
      >
        {!code && <CodeField label={t('setup.code')} />}
        <NameField />
        <EmailField />
        <NewPassword name="password" label={t('password')} personal={['name', 'email']} />
      </EntryForm>
    </>
  )
}
