// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Checkbox, Form } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { NewPassword } from '@/components/new-password'

import { EntryForm } from './entry-form'
import { CodeField, EmailField, NameField } from './fields'
import { Terms } from './terms'
import { useEnter } from './use-enter'

type Values = { code: string; name: string; email: string; password: string; terms?: boolean }

/** RegisterForm asks for what an account needs. terms is what has to be accepted, if anything. */
export function RegisterForm({ code, terms }: { code: string; terms: string }) {
  const { t } = useTranslation('auth')
  const [form] = Form.useForm<Values>()
  const { mutateAsync } = api.useMutation('post', '/auth/register', { meta: { public: true } })
  const enter = useEnter()
  const run = async ({ terms: accepted, ...values }: Values) => {
    await mutateAsync({ body: { ...values, email: values.email.trim(), accept_terms: accepted === true } })
    await enter(values.name, values.password)
  }
  return (
    <EntryForm
      form={form}
      initial={{ code }}
      action={t('register.action')}
      run={run}
      fieldOfCode={{
        invite_invalid: 'code',
        password_weak: 'password',
        password_too_long: 'password',
        terms_required: 'terms',
      }}
    >
      <CodeField label={t('register.code')} extra={code ? undefined : t('register.code_hint')} />
      <NameField />
      <EmailField />
      <NewPassword name="password" label={t('password')} personal={['name', 'email']} />
      {terms && (
        <>
          <Terms text={terms} />
          <Form.Item
            name="terms"
            valuePropName="checked"
            rules={[
              {
                validator: (_, accepted) =>
                  accepted ? Promise.resolve() : Promise.reject(new Error(t('register.accept_rule'))),
              },
            ]}
          >
            <Checkbox>{t('register.accept')}</Checkbox>
          </Form.Item>
        </>
      )}
    </EntryForm>
  )
}
