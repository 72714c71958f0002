// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Checkbox, Form, Input, Modal } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { setFieldErrors } from '@/components/form-errors'
import { SecretModal } from '@/components/secret'
import { useFail } from '@/components/use-fail'

import { byId } from './scope'
import { useOpenCreated } from './use-create'

type Values = { name: string; private: boolean }

/** CreateModal creates an endpoint with a name, and a key if it shall be private. */
export function CreateModal({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation(['endpoints', 'common'])
  const [form] = Form.useForm<Values>()
  const fail = useFail()
  const show = useOpenCreated()
  const [made, setMade] = useState<Schema<'EndpointKey'>>()
  const create = api.useMutation('post', '/endpoints')
  const makeKey = api.useMutation('post', '/endpoints/{id}/key')
  const submit = async (values: Values) => {
    try {
      const endpoint = await create.mutateAsync({ body: { name: values.name } })
      onClose()
      if (!values.private) return show(endpoint)
      try {
        setMade(await makeKey.mutateAsync(byId(endpoint.id)))
      } catch (error) {
        // It exists, and is public: its page has what makes it private.
        fail(error)
        show(endpoint)
      }
    } catch (error) {
      if (!setFieldErrors(form, error)) fail(error)
    }
  }
  return (
    <>
      <Modal
        open={open}
        title={t('create.title')}
        okText={t('common:create')}
        okButtonProps={{ htmlType: 'submit', loading: create.isPending || makeKey.isPending }}
        onCancel={onClose}
        destroyOnHidden
        modalRender={(dialog) => (
          <Form form={form} layout="vertical" preserve={false} onFinish={(v) => void submit(v)}>
            {dialog}
          </Form>
        )}
      >
        <Form.Item name="name" label={t('settings.name')} initialValue="">
          <Input maxLength={100} autoComplete="off" />
        </Form.Item>
        <Form.Item
          name="private"
          valuePropName="checked"
          initialValue={false}
          extra={t('create.private_extra')}
        >
          <Checkbox>{t('create.private')}</Checkbox>
        </Form.Item>
      </Modal>
      <SecretModal
        text={made?.key}
        what={t('key.what')}
        onClose={() => {
          setMade(undefined)
          if (made) show(made.endpoint)
        }}
      />
    </>
  )
}
