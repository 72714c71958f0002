// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { AutoComplete, Form, Input, Modal, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { setFieldErrors } from '@/components/form-errors'
import { items, pageParams } from '@/components/pages'
import { useFail } from '@/components/use-fail'

import { namePattern } from './names'

/** GiveGrant asks which service shall be shared, and with whom. Neither client nor service needs to be there yet. */
export function GiveGrant({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation(['tunnels', 'common'])
  const [form] = Form.useForm<Schema<'NewGrantInBody'>>()
  const cache = useQueryClient()
  const fail = useFail()
  const clients = items(api.useInfiniteQuery('get', '/clients', {}, { ...pageParams, enabled: open }).data)
  const chosen = Form.useWatch('client', form)
  const services = clients.find((c) => c.name === chosen)?.services ?? []
  const give = api.useMutation('post', '/grants', {
    onSuccess: async () => {
      onClose()
      await invalidate(cache, '/grants', '/services')
    },
    onError: (error) => setFieldErrors(form, error) || fail(error),
  })
  const name = { pattern: namePattern, message: t('name_rule') }
  const required = { required: true, message: t('required') }
  return (
    <Modal
      open={open}
      title={t('grants.give')}
      okText={t('grants.share')}
      onOk={() => form.submit()}
      onCancel={onClose}
      confirmLoading={give.isPending}
      destroyOnHidden
    >
      <Typography.Paragraph type="secondary">{t('grants.give_text')}</Typography.Paragraph>
      <Form
        form={form}
        layout="vertical"
        clearOnDestroy
        requiredMark={false}
        onFinish={(body) => give.mutate({ body })}
      >
        <Form.Item
          name="grantee"
          label={t('grants.grantee')}
          rules={[required, name]}
          validateTrigger="onBlur"
        >
          <Input autoComplete="off" autoCapitalize="off" />
        </Form.Item>
        <Form.Item name="client" label={t('grants.client')} rules={[required, name]} validateTrigger="onBlur">
          <AutoComplete options={clients.map((c) => ({ value: c.name }))} />
        </Form.Item>
        <Form.Item
          name="service"
          label={t('grants.service')}
          rules={[required, name]}
          validateTrigger="onBlur"
        >
          <AutoComplete options={services.map((s) => ({ value: s.id, label: `${s.id} (${s.protocol})` }))} />
        </Form.Item>
      </Form>
    </Modal>
  )
}
