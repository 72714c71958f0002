// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { Form, Input, Modal } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { asApiError } from '@/api/error'
import { invalidate } from '@/api/query'
import { setFieldErrors } from '@/components/form-errors'
import { useFail } from '@/components/use-fail'

import { ExpirySelect, expiresAt, type Hours } from '../expiry'

type Values = { prefix: string; note?: string; expires_at: Hours }

const day = 24

/** AddBlock asks whom to keep out. */
export function AddBlock({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('admin')
  const [form] = Form.useForm<Values>()
  const client = useQueryClient()
  const fail = useFail()
  const add = api.useMutation('post', '/admin/blocks', {
    onSuccess: () => {
      void invalidate(client, '/admin/blocks')
      onClose()
    },
    onError: (error) => {
      const { details } = asApiError(error)
      if ('body.prefix' in details || 'prefix' in details) {
        form.setFields([{ name: 'prefix', errors: [t('blocks.refused')] }])
        form.focusField('prefix')
      } else if (!setFieldErrors(form, error)) fail(error)
    },
  })
  const submit = ({ prefix, note, expires_at: hours }: Values) =>
    add.mutate({ body: { prefix: prefix.trim(), note: note?.trim(), expires_at: expiresAt(hours) } })
  return (
    <Modal
      open={open}
      title={t('blocks.add')}
      okText={t('blocks.block')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={add.isPending}
      afterOpenChange={(shown) => shown && form.focusField('prefix')}
      destroyOnHidden
    >
      <Form
        form={form}
        layout="vertical"
        preserve={false}
        initialValues={{ expires_at: 7 * day } satisfies Partial<Values>}
        onFinish={submit}
      >
        <Form.Item
          name="prefix"
          label={t('blocks.prefix')}
          extra={t('blocks.prefix_help')}
          rules={[{ required: true, whitespace: true, message: t('blocks.prefix_needed') }]}
        >
          <Input className="mono" maxLength={64} placeholder="192.0.2.0/24" autoComplete="off" />
        </Form.Item>
        <Form.Item name="note" label={t('note')}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="expires_at" label={t('expires')}>
          <ExpirySelect choices={[1, day, 7 * day, 30 * day, 0]} />
        </Form.Item>
      </Form>
    </Modal>
  )
}
