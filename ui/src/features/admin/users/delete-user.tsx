// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { Alert, App, Form, Input, Modal } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, ifMatch, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { useFail } from '@/components/use-fail'

/** DeleteUser has the account's name typed before it deletes it with everything in it. */
export function DeleteUser({
  user,
  open,
  onClose,
  onDeleted,
}: {
  user: Schema<'User'>
  open: boolean
  onClose: () => void
  onDeleted: () => void
}) {
  const { t } = useTranslation(['admin', 'common'])
  const [form] = Form.useForm<{ name: string }>()
  const { message } = App.useApp()
  const client = useQueryClient()
  const fail = useFail()
  const remove = api.useMutation('delete', '/admin/users/{id}', {
    onSuccess: () => {
      message.success(t('users.deleted', { name: user.name }))
      onDeleted()
      // The lists alone: what is still shown of the account is there no more.
      void client.invalidateQueries({ queryKey: ['get', '/admin/users'] })
      void invalidate(client, '/admin/endpoints', '/admin/clients', '/admin/load')
    },
    onError: (error) => {
      onClose()
      fail(error)
      void invalidate(client, '/admin/users')
    },
  })
  const submit = () => remove.mutate({ params: { path: { id: user.id }, header: ifMatch(user.version) } })
  return (
    <Modal
      open={open}
      title={t('users.delete_title', { name: user.name })}
      okText={t('users.delete')}
      okButtonProps={{ danger: true }}
      confirmLoading={remove.isPending}
      onOk={form.submit}
      onCancel={onClose}
      afterOpenChange={(shown) => shown && form.focusField('name')}
      destroyOnHidden
    >
      <Form form={form} layout="vertical" preserve={false} onFinish={submit}>
        <Form.Item>
          <Alert type="warning" showIcon title={t('users.delete_text')} />
        </Form.Item>
        <Form.Item
          name="name"
          label={t('users.delete_type', { name: user.name })}
          rules={[
            {
              validator: (_, typed) =>
                typed === user.name ? Promise.resolve() : Promise.reject(new Error(t('users.delete_other'))),
            },
          ]}
          validateTrigger={[]}
        >
          <Input autoComplete="off" />
        </Form.Item>
      </Form>
    </Modal>
  )
}
