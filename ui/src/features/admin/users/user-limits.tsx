// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, ifMatch, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { setFieldErrors } from '@/components/form-errors'
import { Part } from '@/components/part'
import { useFail } from '@/components/use-fail'

import { LimitInput } from '../limits/limit-input'
import { allLimits, limitNames } from '../limits/limits'

type Limits = Required<Schema<'UserLimits'>>

/** UserLimitsForm changes the limits of one account. Somebody else's change meanwhile is shown, not overwritten. */
export function UserLimitsForm({ user }: { user: Schema<'User'> }) {
  const { t } = useTranslation(['admin', 'common'])
  const [form] = Form.useForm<Limits>()
  const client = useQueryClient()
  const { message } = App.useApp()
  const fail = useFail()
  const save = api.useMutation('patch', '/admin/users/{id}', {
    onSuccess: () => void message.success(t('saved')),
    onError: (error) => setFieldErrors(form, error) || fail(error),
    onSettled: () => invalidate(client, '/admin/users'),
  })
  const submit = (limits: Limits) =>
    save.mutate({
      params: { path: { id: user.id }, header: ifMatch(user.version) },
      body: { limits },
    })
  return (
    <Part title={t('users.limits')}>
      <Form form={form} layout="vertical" initialValues={allLimits(user.limits)} onFinish={submit}>
        {limitNames.map((name) => (
          <Form.Item key={name} name={name} label={t(`limits.${name}`)} style={{ marginBottom: 12 }}>
            <LimitInput
              label={t(`limits.${name}`)}
              defaultText={t('limits.default')}
              bytes={name === 'monthly_bytes'}
            />
          </Form.Item>
        ))}
        <Button htmlType="submit" type="primary" loading={save.isPending}>
          {t('common:save')}
        </Button>
      </Form>
    </Part>
  )
}
