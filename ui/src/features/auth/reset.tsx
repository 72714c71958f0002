// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { Form } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { api } from '@/api/client'
import { sessionChanged } from '@/app/session'
import { NewPassword } from '@/components/new-password'
import { Page } from '@/components/page'

import { EntryForm } from './entry-form'
import { CodeField } from './fields'
import { useCode } from './use-code'

type Values = { code?: string; password: string }

/** Component sets a new password, by the link that an administrator has made. */
export function Component() {
  const { t } = useTranslation('auth')
  const code = useCode()
  const [form] = Form.useForm<Values>()
  const { mutateAsync } = api.useMutation('post', '/auth/reset', { meta: { public: true } })
  const client = useQueryClient()
  const navigate = useNavigate()
  const run = async (values: Values) => {
    await mutateAsync({ body: { password: values.password, code: values.code ?? code } })
    await sessionChanged(client) // whoever was logged in with the old one is so no more
    await navigate('/login', { state: { note: 'reset' } })
  }
  return (
    <Page title={t('reset.title')} intro={t('reset.intro')}>
      <EntryForm
        form={form}
        action={t('reset.action')}
        run={run}
        fieldOfCode={{
          ...(code ? {} : { link_invalid: 'code' }),
          password_weak: 'password',
          password_too_long: 'password',
        }}
      >
        {!code && <CodeField label={t('reset.code')} extra={t('reset.code_hint')} />}
        <NewPassword name="password" label={t('reset.password')} />
      </EntryForm>
    </Page>
  )
}
