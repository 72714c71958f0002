// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { Form, Input, Modal } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { invalidate } from '@/api/query'
import { setFieldErrors } from '@/components/form-errors'
import { useFail } from '@/components/use-fail'
import { domainOf, exampleDomain } from '@/features/publishing/hosts'

type Values = { name: string; owner?: string }

/** AssignDomain makes a domain an account's on the administrator's word alone. */
export function AssignDomain({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation(['admin', 'publishing'])
  const [form] = Form.useForm<Values>()
  const client = useQueryClient()
  const fail = useFail()
  const assign = api.useMutation('post', '/admin/domains', {
    onSuccess: () => {
      void invalidate(client, '/domains', '/admin/domains', '/published', '/admin/published')
      onClose()
    },
    onError: (error) => setFieldErrors(form, error) || fail(error),
  })
  const validate = (_: unknown, text = '') =>
    domainOf(text) ? Promise.resolve() : Promise.reject(new Error(t('publishing:domains.name_rule')))
  return (
    <Modal
      open={open}
      title={t('publishing.assign')}
      okText={t('publishing.assign_action')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={assign.isPending}
      afterOpenChange={(shown) => shown && form.focusField('name')}
      destroyOnHidden
    >
      <Form
        form={form}
        layout="vertical"
        preserve={false}
        requiredMark={false}
        onFinish={({ name, owner }) =>
          assign.mutate({ body: { name: domainOf(name), owner: owner?.trim() || undefined } })
        }
      >
        <Form.Item
          name="name"
          label={t('publishing:domains.name')}
          extra={t('publishing.assign_text')}
          rules={[{ validator: validate }]}
          validateTrigger="onSubmit"
        >
          <Input className="mono" placeholder={exampleDomain} maxLength={253} autoComplete="off" />
        </Form.Item>
        <Form.Item name="owner" label={t('publishing.owner')} extra={t('publishing.owner_text')}>
          <Input maxLength={64} autoComplete="off" autoCapitalize="off" />
        </Form.Item>
      </Form>
    </Modal>
  )
}
