// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Flex, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { invalidate } from '@/api/query'
import { ErrorAlert } from '@/components/errors'
import { NewPassword } from '@/components/new-password'
import { Part } from '@/components/part'
import { useSubmit } from '@/components/use-submit'

import type { TabProps } from './tab'

type Values = { old: string; new: string }

/** Password changes it, which ends all other log-ins. */
export function Password({ me: { user } }: TabProps) {
  const { t } = useTranslation('account')
  const { message } = App.useApp()
  const client = useQueryClient()
  const [form] = Form.useForm<Values>()
  const { mutateAsync } = api.useMutation('post', '/auth/password')
  const run = async (values: Values) => {
    await mutateAsync({ body: { old: values.old, new: values.new } })
    form.resetFields()
    message.success(t('password.done'))
    await invalidate(client, '/auth/sessions')
  }
  const { submit, busy, error } = useSubmit(form, run, {
    password_wrong: 'old',
    password_weak: 'new',
    password_too_long: 'new',
  })
  return (
    <Part title={t('password.title')} intro={t('password.intro')}>
      <Form<Values>
        form={form}
        layout="vertical"
        requiredMark={false}
        style={{ maxWidth: 400 }}
        onFinish={(values) => void submit(values)}
      >
        {/* Password managers ask whose password it is. */}
        <input type="text" autoComplete="username" value={user.name} readOnly hidden />
        <Form.Item name="old" label={t('password.old')} rules={[{ required: true }]}>
          <Input.Password autoComplete="current-password" maxLength={256} />
        </Form.Item>
        <NewPassword
          name="new"
          label={t('password.new')}
          personal={[{ text: user.name }, { text: user.email }]}
        />
        <Flex vertical gap="middle" align="flex-start">
          {error !== undefined && <ErrorAlert error={error} />}
          <Button type="primary" htmlType="submit" loading={busy}>
            {t('password.action')}
          </Button>
        </Flex>
      </Form>
    </Part>
  )
}
