// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { Form, Input, InputNumber, Modal } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { setFieldErrors } from '@/components/form-errors'
import { useFail } from '@/components/use-fail'

import { ExpirySelect, expiresAt, type Hours } from '../expiry'

type Values = { count: number; note?: string; expires_at: Hours }

const day = 24
const most = 200

/** CreateInvites asks how many invites there shall be. */
export function CreateInvites({
  open,
  onClose,
  onMade,
}: {
  open: boolean
  onClose: () => void
  onMade: (invites: Schema<'NewInvite'>[]) => void
}) {
  const { t } = useTranslation(['admin', 'common'])
  const [form] = Form.useForm<Values>()
  const client = useQueryClient()
  const fail = useFail()
  const create = api.useMutation('post', '/admin/invites', {
    onSuccess: ({ items }) => {
      void invalidate(client, '/admin/invites')
      onClose()
      onMade(items ?? [])
    },
    onError: (error) => setFieldErrors(form, error) || fail(error),
  })
  const submit = ({ count, note, expires_at: hours }: Values) =>
    create.mutate({ body: { count, note: note?.trim(), expires_at: expiresAt(hours) } })
  return (
    <Modal
      open={open}
      title={t('invites.create')}
      okText={t('common:create')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={create.isPending}
      afterOpenChange={(shown) => shown && form.focusField('count')}
      destroyOnHidden
    >
      <Form
        form={form}
        layout="vertical"
        preserve={false}
        initialValues={{ count: 1, expires_at: 3 * day } satisfies Values}
        onFinish={submit}
      >
        <Form.Item name="count" label={t('invites.count')} rules={[{ required: true }]}>
          <InputNumber min={1} max={most} precision={0} />
        </Form.Item>
        <Form.Item name="note" label={t('note')} help={t('invites.note_help')}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="expires_at" label={t('expires')}>
          <ExpirySelect choices={[day, 3 * day, 7 * day, 30 * day, 90 * day]} />
        </Form.Item>
      </Form>
    </Modal>
  )
}
