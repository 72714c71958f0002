// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { Button, Flex, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { api } from '@/api/client'
import { sessionChanged } from '@/app/session'
import { ErrorAlert } from '@/components/errors'
import { Part } from '@/components/part'
import { useSubmit } from '@/components/use-submit'

import type { TabProps } from './tab'

const what = ['endpoints', 'tunnels', 'tokens', 'history'] as const

/** DeleteAccount deletes it for good, so it asks for the password. */
export function DeleteAccount({ me: { user } }: TabProps) {
  const { t } = useTranslation('account')
  const client = useQueryClient()
  const navigate = useNavigate()
  const [form] = Form.useForm<{ password: string }>()
  const { mutateAsync } = api.useMutation('post', '/auth/delete')
  const run = async ({ password }: { password: string }) => {
    await mutateAsync({ body: { password } })
    await sessionChanged(client)
    await navigate('/login', { replace: true, state: { note: 'deleted' } })
  }
  const { submit, busy, error } = useSubmit(form, run, { password_wrong: 'password' })
  return (
    <Part title={t('delete.title')} intro={t('delete.intro')}>
      <ul style={{ margin: 0 }}>
        {what.map((key) => (
          <li key={key}>{t(`delete.${key}`)}</li>
        ))}
      </ul>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        style={{ maxWidth: 400 }}
        onFinish={(v) => void submit(v)}
      >
        <input type="text" autoComplete="username" value={user.name} readOnly hidden />
        <Form.Item name="password" label={t('delete.password')} rules={[{ required: true }]}>
          <Input.Password autoComplete="current-password" maxLength={256} />
        </Form.Item>
        <Flex vertical gap="middle" align="flex-start">
          {error !== undefined && <ErrorAlert error={error} />}
          <Button type="primary" danger htmlType="submit" loading={busy}>
            {t('delete.action')}
          </Button>
        </Flex>
      </Form>
    </Part>
  )
}
